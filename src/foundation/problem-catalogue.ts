// Every problem this service can name: the slug of its type URI, its status and title, and what to do about it. The page
// that a type URI opens, the page a clinician sees and openapi.yaml's enum all follow this list.

import { CALLER_PROBLEMS } from './problems/caller.ts';
import type { CatalogueEntry } from './problems/entry.ts';
import { REQUEST_PROBLEMS } from './problems/request.ts';
import { SIGN_ON_PROBLEMS } from './problems/sign-on.ts';

export type { CatalogueEntry } from './problems/entry.ts';

export const PROBLEMS = { ...CALLER_PROBLEMS, ...SIGN_ON_PROBLEMS, ...REQUEST_PROBLEMS } as const;

export type ProblemSlug = keyof typeof PROBLEMS;

/** The entry of a slug, with its optional members visible. */
export function catalogueEntry(slug: ProblemSlug): CatalogueEntry {
  return PROBLEMS[slug];
}

export function isProblemSlug(text: string): text is ProblemSlug {
  return Object.hasOwn(PROBLEMS, text);
}
