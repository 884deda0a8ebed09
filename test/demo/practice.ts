// The sample practice under test: on a free port, with a browser's cookie in hand.

import type { Settings } from '../../demo/practice/settings.ts';
import { startPractice } from '../../demo/practice/server.ts';
import type { Sample } from '../support/sample.ts';

export type Practice = { url: string; lines: string[]; close: () => Promise<void> };

type PracticeSettings = Partial<Omit<Settings, 'public_url'>> & Pick<Settings, 'api_url'>;

/** Nobody: for what is refused before the API is asked. */
export const NO_SAMPLE: Sample = {
  partner_id: 'ptr_sample',
  partner_secret: 'hps_sample',
  organization_id: 'org_sample',
  organization_secret: 'hos_sample',
  user_id: 'usr_sample',
};

export async function startSamplePractice(sample: Sample, replaced: PracticeSettings): Promise<Practice> {
  const lines: string[] = [];
  const settings = {
    portal_url: replaced.api_url,
    ...sample,
    second_user_id: undefined,
    suspended_user_id: undefined,
    ...replaced,
  };
  const practice = await startPractice({ settings, port: 0, log: (line) => lines.push(line) });
  return { ...practice, lines };
}

/** Signs in to the practice, and returns its cookie. */
export async function workAs({ url }: Pick<Practice, 'url'>, person: string): Promise<string> {
  const body = new URLSearchParams({ person });
  const answer = await fetch(`${url}/sign-in`, { method: 'POST', body, redirect: 'manual' });
  return answer.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

export type Pressed = { status: number; body: { redirect_url?: string; error?: string; reason?: string } };

/** Asks for a link as the page's script does, for whoever a cookie is. */
export async function askForLink(practice: Pick<Practice, 'url'>, cookie: string, body = '{}'): Promise<Pressed> {
  const headers = { 'content-type': 'application/json', cookie };
  const answer = await fetch(`${practice.url}/api/sso`, { method: 'POST', headers, body });
  return { status: answer.status, body: (await answer.json()) as Pressed['body'] };
}
