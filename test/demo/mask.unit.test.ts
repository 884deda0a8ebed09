// What the practice shows of its requests: hidden unless it is known to be harmless.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { maskJson, maskPath, maskReceived, maskSent, maskText } from '../../demo/practice/mask.ts';
import { newSecret, systemRandom } from '../../src/foundation/ids.ts';
import { findLeaks } from '../support/leaks.ts';

const TOKEN = `eyJ${'a'.repeat(40)}.eyJ${'b'.repeat(40)}.${'c'.repeat(40)}`;
const SESSION = `ses_${'0'.repeat(32)}.${'s'.repeat(43)}`;
const PATIENT = '1234-5678-3456-2345';
const NEVER = [TOKEN, SESSION, PATIENT, newSecret('hps', systemRandom), newSecret('hos', systemRandom)];

test('words, versions and request ids of a path stay, and the rest is hidden', () => {
  expect(maskPath('/v1/sso')).toBe('/v1/sso');
  expect(maskPath(`/v1/sso/attempts/req_${'a'.repeat(32)}`)).toBe(`/v1/sso/attempts/req_${'a'.repeat(32)}`);
  expect(maskPath('/v1/organizations/org_1/users')).toBe('/v1/organizations/••••••••/users');
  expect(maskPath('/embed/patients/jo/prescriptions')).toBe('/embed/patients/••••••••/prescriptions');
  expect(maskPath('/dashboard?email=pat@clinic.example&q')).toBe('/dashboard?email=••••••••&q=••••••••');
});

test('members that are secret, about people or a link are hidden at any depth, and others stay', () => {
  const shown = maskJson({
    success: true,
    data: [
      { sso_token: TOKEN, accessToken: 'abc', partner_secret: 'x', email: 'pat@clinic.example', full_name: 'Pat' },
    ],
    redirect_url: `https://portal.example/auth/sso?token=${TOKEN}&redirect=%2Fdashboard`,
    user_id: 'usr_01a2032659f27270aca5e8fd6368bf2a',
    outcome: 'opened',
    tokenType: 'Bearer',
    expires_in: 300,
    nothing: null,
  });
  expect(shown).toEqual({
    success: true,
    data: [
      {
        sso_token: '••••••••',
        accessToken: '••••••••',
        partner_secret: '••••••••',
        email: '••••••••',
        full_name: '••••••••',
      },
    ],
    redirect_url: 'https://portal.example/auth/sso?token=••••••••&redirect=••••••••',
    user_id: 'usr_••••••••bf2a',
    outcome: 'opened',
    tokenType: 'Bearer',
    expires_in: 300,
    nothing: null,
  });
});

test('of headers, those that are not known are hidden when sent, and left out when received', () => {
  const headers = new Headers({ accept: 'application/json', authorization: 'Bearer abc', 'x-new': 'y', date: 'today' });
  expect(maskSent(headers)).toEqual([
    ['accept', 'application/json'],
    ['authorization', '••••••••'],
    ['date', '••••••••'],
    ['x-new', '••••••••'],
  ]);
  expect(maskReceived(headers)).toEqual([['accept', 'application/json']]);
});

describe('what must never be shown is hidden wherever it stands', () => {
  test.each(NEVER.map((secret) => [secret.slice(0, 4), secret]))('%s…', (_start, secret) => {
    const around = fc.string({ maxLength: 12 }).map((text) => text.replaceAll(/[\w.-]/g, ' '));
    fc.assert(
      fc.property(
        fc.constantFrom('detail', 'message', 'received', 'redirect_path', 'anything'),
        around,
        (name, text) => {
          const shown = JSON.stringify(maskJson({ [name]: `${text}${secret}${text}` }));
          return !shown.includes(secret) && findLeaks(shown).length === 0;
        },
      ),
    );
    expect(maskText(`before ${secret} after`)).toBe('before •••••••• after');
  });

  test('and other text stays as it is', () => {
    expect(maskText('The path must begin with /dashboard or /embed')).toBe(
      'The path must begin with /dashboard or /embed',
    );
  });
});
