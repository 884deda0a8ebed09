// What a page loads by http, which browsers block or warn of on an https page (W3C Mixed Content).

import { isLoopback, resolveAddress } from '../address.ts';
import type { Answer } from '../exchange.ts';
import { parsePolicies } from '../content-security-policy.ts';
import { isHtml, metaHeaders, readMarkup } from '../markup.ts';
import { maskAddress } from '../mask.ts';
import { fault, type Finding, notChecked, ok, warning } from '../report.ts';

/** Browsers ask for these by https instead, and leave them out where that fails. */
const UPGRADED = new Set(['img', 'audio', 'video', 'source']);

const MEND = 'Refer to it by https, or by a path without a host.';

function isUpgrading(answer: Answer, metas: readonly string[]): boolean {
  const policies = [answer.headers.get('content-security-policy'), ...metas].flatMap(parsePolicies);
  return policies.some((policy) => policy.has('upgrade-insecure-requests'));
}

export function checkMixedContent(answer: Answer): Finding {
  const { url, headers, body } = answer;
  if (!isHtml(headers)) return notChecked('It is not HTML.');
  const markup = readMarkup(body, url);
  const insecure = markup.loads.flatMap(({ tag, address }) => {
    const target = resolveAddress(address, markup.base);
    return target?.protocol === 'http:' && !isLoopback(target) ? [{ tag, target }] : [];
  });
  if (insecure.length === 0 || isUpgrading(answer, metaHeaders(markup, 'content-security-policy'))) return ok();
  const evidence = insecure.slice(0, 5).map(({ tag, target }) => `<${tag}> ${maskAddress(target)}`);
  const is_blocked = insecure.some(({ tag }) => !UPGRADED.has(tag));
  return (is_blocked ? fault : warning)({ evidence, by: 'portal-engineer', mend: MEND });
}
