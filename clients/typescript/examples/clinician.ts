// Stands in for your own sign-in and user table. Who is asking comes from your session, never from what the page sends, or anybody
// could sign on as anybody. The session's cookie is SameSite, so that no other site's page can ask for a link either.

export type Clinician = {
  /** The user_id that `handoff.users.create` returned, kept beside your own user. */
  portalUserId: string;
  mayPrescribe: boolean;
};

const CLINICIANS = new Map<string, Clinician>([
  ['sample-clinician', { portalUserId: process.env['HANDOFF_USER_ID'] ?? '', mayPrescribe: true }],
  ['sample-receptionist', { portalUserId: '', mayPrescribe: false }],
]);

/** The clinician of a request's Cookie header; undefined when nobody is signed in, or somebody who may not prescribe. */
export function findClinician(cookie: string | null | undefined): Clinician | undefined {
  const [, session] = /(?:^|;\s*)practice_session=([\w-]+)/.exec(cookie ?? '') ?? [];
  const clinician = session === undefined ? undefined : CLINICIANS.get(session);
  return clinician?.mayPrescribe === true ? clinician : undefined;
}

/**
 * The patient's page, or the start page when the form named nobody. A patient's id is encoded, so that it cannot change the rest of
 * the path.
 */
export function pathOfPatient(patientId: unknown): string {
  if (typeof patientId !== 'string' || patientId === '') return '/dashboard';
  return `/dashboard/patients/${encodeURIComponent(patientId)}`;
}
