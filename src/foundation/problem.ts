// The one error that a request may end in. Public words (`detail`, `validation`) and the private `cause` are kept apart:
// the first go to the caller, the second to the log, tokens and secrets to neither.

import { catalogueEntry, type CatalogueEntry, type ProblemSlug } from './problem-catalogue.ts';

/** One field that is wrong; `field` is a header, parameter or body member (dots between levels). */
export type ValidationEntry = { field: string; message: string; code: string };

export type ProblemOptions = {
  validation?: ValidationEntry[];
  /** Extra response headers, such as Allow or Retry-After. */
  headers?: Record<string, string>;
  /** For the log alone. */
  cause?: unknown;
};

export class Problem extends Error {
  override readonly name = 'Problem';
  readonly slug: ProblemSlug;
  readonly detail: string;
  readonly validation: ValidationEntry[] | undefined;
  readonly headers: Record<string, string>;

  constructor(slug: ProblemSlug, detail: string, options: ProblemOptions = {}) {
    super(slug, options.cause === undefined ? undefined : { cause: options.cause });
    this.slug = slug;
    this.detail = detail;
    this.validation = options.validation;
    this.headers = options.headers ?? {};
  }

  get entry(): CatalogueEntry {
    return catalogueEntry(this.slug);
  }
}

/** The one form of a refused input: `detail` repeats the messages, for callers that show nothing else. */
export function invalidRequest(validation: ValidationEntry[]): Problem {
  return new Problem('invalid-request', validation.map((entry) => entry.message).join('; '), { validation });
}
