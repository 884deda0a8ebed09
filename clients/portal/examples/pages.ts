// The pages of the examples: a patient's page made on the server, and an embedded page that signs in by its script.

import type { SignedIn } from 'handoff-portal';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

function escape(text: string): string {
  return text.replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? '');
}

function page(title: string, body: string, head = ''): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>${head}</head><body>${body}</body></html>`;
}

export function patientPage(patientId: string, signedIn: SignedIn): string {
  const who = signedIn.session?.user.given_name ?? signedIn.userId;
  // Scripts of the page send this back as Handoff-Subject, so that the page never acts as somebody who signed in later.
  const subject = `<meta name="handoff-subject" content="${escape(signedIn.subject)}">`;
  return page('Patient', `<h1>Patient ${escape(patientId)}</h1><p>Signed in: ${escape(who)}</p>`, subject);
}

export function welcomePage(signedIn: SignedIn | undefined): string {
  return page(
    'Portal',
    `<h1>Portal</h1><p>${signedIn === undefined ? 'Open it from your practice software.' : 'Welcome.'}</p>`,
  );
}

/** The same for everybody. Its script connects with handoff-portal/browser and loads what is to be seen from /embed/api. */
export function embedPage(): string {
  return page('Prescribing', '<main></main>', '<script type="module" src="/assets/prescribing.js"></script>');
}
