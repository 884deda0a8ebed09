// Who works at the sample practice, and who of them is signed in to it. Stands in for a user table and a sign-in of one's own.

import { randomBytes } from 'node:crypto';
import { type Connection, connect } from './handoff.ts';
import type { Settings } from './settings.ts';

export type Person = {
  person_id: string;
  name: string;
  role: string;
  may_prescribe: boolean;
  /** Kept beside one's own user, from when the user was created in the portal. */
  portal_user_id: string | undefined;
};

export function samplePeople({ user_id, second_user_id, suspended_user_id }: Settings): Person[] {
  const colleague = { person_id: 'colleague', name: 'Alex Admin', role: 'Practice manager, reads prescriptions' };
  const suspended = { person_id: 'suspended', name: 'Sam Suspended', role: 'Clinician whom the portal has suspended' };
  return [
    {
      person_id: 'clinician',
      name: 'Pat Provider',
      role: 'Clinician, prescribes',
      may_prescribe: true,
      portal_user_id: user_id,
    },
    ...(second_user_id === undefined ? [] : [{ ...colleague, may_prescribe: true, portal_user_id: second_user_id }]),
    ...(suspended_user_id === undefined
      ? []
      : [{ ...suspended, may_prescribe: true, portal_user_id: suspended_user_id }]),
    {
      person_id: 'receptionist',
      name: 'Robin Receptionist',
      role: 'Reception, has no access to the portal',
      may_prescribe: false,
      portal_user_id: undefined,
    },
  ];
}

/** Somebody at work: the person, and this person's line to Handoff with the journal of what went over it. */
export type Session = { session_id: string; person: Person; connection: Connection };

export type Sessions = {
  start(person: Person): Session;
  find(session_id: string | undefined): Session | undefined;
  end(session_id: string): void;
};

const MOST_SESSIONS = 200;

/** In memory: they end with the process. */
export function createSessions(settings: Settings): Sessions {
  const sessions = new Map<string, Session>();
  return {
    start(person) {
      const session_id = randomBytes(16).toString('hex');
      const session = { session_id, person, connection: connect(settings) };
      sessions.set(session_id, session);
      for (const [oldest] of sessions) if (sessions.size > MOST_SESSIONS) sessions.delete(oldest);
      return session;
    },
    find: (session_id) => (session_id === undefined ? undefined : sessions.get(session_id)),
    end: (session_id) => void sessions.delete(session_id),
  };
}
