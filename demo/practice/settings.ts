// What the sample practice needs to know, and where it reads it from when it is started alone.

export type Settings = {
  /** Base URL of Handoff's API, which may have a path: `https://api.example.com/external`. */
  api_url: string;
  /** Origin of the portal, for this site's Content-Security-Policy. */
  portal_url: string;
  /** Origin of this practice, as browsers know it. */
  public_url: string;
  partner_id: string;
  partner_secret: string;
  organization_id: string;
  organization_secret: string;
  /** The portal's user_id of each person who works here and has one. */
  user_id: string;
  second_user_id: string | undefined;
  suspended_user_id: string | undefined;
};

/** Names of variables that are not set. */
export class MissingSettings extends Error {
  override readonly name = 'MissingSettings';
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}

/** Everything but the own address, which is known when the port is. @throws MissingSettings naming each that is missing */
export function readSettings(environment: NodeJS.ProcessEnv): Omit<Settings, 'public_url'> {
  const missing: string[] = [];
  const read = (name: string): string => {
    const value = environment[name] ?? '';
    if (value === '') missing.push(name);
    return value;
  };
  const api_url = trimmed(environment['HANDOFF_API_URL'] ?? 'http://localhost:8787');
  const settings = {
    api_url,
    portal_url: trimmed(environment['HANDOFF_PORTAL_URL'] ?? new URL(api_url).origin),
    partner_id: read('HANDOFF_PARTNER_ID'),
    partner_secret: read('HANDOFF_PARTNER_SECRET'),
    organization_id: read('HANDOFF_ORGANIZATION_ID'),
    organization_secret: read('HANDOFF_ORGANIZATION_SECRET'),
    user_id: read('HANDOFF_USER_ID'),
    second_user_id: environment['HANDOFF_SECOND_USER_ID'],
    suspended_user_id: environment['HANDOFF_SUSPENDED_USER_ID'],
  };
  if (missing.length > 0) throw new MissingSettings(missing.join(', '));
  return settings;
}
