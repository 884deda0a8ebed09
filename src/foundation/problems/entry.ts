// One entry of the problem catalogue, and the advice that several of them share.

/** `cause` and `fix` speak to a developer; `clinician`, where there is one, to the person in front of the browser. */
export type CatalogueEntry = {
  status: 400 | 401 | 403 | 404 | 405 | 409 | 410 | 413 | 415 | 422 | 429 | 500 | 503;
  title: string;
  cause: string;
  fix: string;
  clinician?: { heading: string; advice: string };
};

export const NEW_LINK = 'Go back to {partner} and press the button again.';
export const ASK_ADMIN =
  'Please ask the administrator of your clinic. The reference below helps them to find out more.';
