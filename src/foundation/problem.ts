// The one error that a request may end in. Public words (`detail`, `validation`, `received`) and the private `cause` are kept
// apart: the first go to the caller, the second to the log, tokens and secrets to neither.

import { catalogueEntry, type CatalogueEntry, type ProblemSlug } from './problem-catalogue.ts';

/** One field that is wrong; `field` is a header, parameter or body member (dots between levels). */
export type ValidationEntry = { field: string; message: string; code: string };

export type ProblemOptions = {
  validation?: ValidationEntry[];
  /** What came, in words, for the receipt of an attempt; never a secret, a token or a path. */
  received?: string;
  /** The contract's own word for this case, beside `error` in the envelope. */
  code?: string;
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
  readonly received: string | undefined;
  readonly code: string | undefined;
  readonly headers: Record<string, string>;

  constructor(slug: ProblemSlug, detail: string, options: ProblemOptions = {}) {
    super(slug, options.cause === undefined ? undefined : { cause: options.cause });
    this.slug = slug;
    this.detail = detail;
    this.validation = options.validation;
    this.received = options.received;
    this.code = options.code;
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

/** The same for the body of a call that creates or changes a thing, in the words of the partner API's contract. */
export function validationError(validation: ValidationEntry[]): Problem {
  return new Problem('validation-error', 'There were some problems with your input.', { validation });
}
