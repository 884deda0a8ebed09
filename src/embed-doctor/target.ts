// What is to be examined, read from what a person typed: a link, or the address of an embedded page; and the page around it.

import { OperatorError } from '../foundation/operator-error.ts';
import { LINK_PATH } from './entry.ts';

export type Target = { kind: 'link' | 'page'; url: URL };

/** The sentence never quotes the address: it may be a link. @throws OperatorError */
export function parseAddress(text: string, what: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol))
    throw new OperatorError(`${what} must be an http(s) address`);
  if (url.username !== '' || url.password !== '') throw new OperatorError(`${what} must not hold a user name`);
  url.hash = '';
  return url;
}

/** An exact origin, as it is registered. @throws OperatorError */
export function parseOrigin(text: string): string {
  const { origin } = parseAddress(text, 'the origin');
  if (origin !== text.replace(/\/$/, '')) {
    throw new OperatorError('the origin must be one such as https://practice.example, without a path');
  }
  return origin;
}

/** @throws OperatorError */
export function parseTarget(text: string): Target {
  const url = parseAddress(text, 'the address');
  return { kind: url.pathname === LINK_PATH && url.searchParams.has('token') ? 'link' : 'page', url };
}
