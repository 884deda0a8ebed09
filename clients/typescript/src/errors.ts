// What a call rejects with. An error is logged, shown and sent to error trackers, so it holds what the API said and nothing of what
// was sent: no header, no address below the origin, no body, no `cause` from the fetch in use, whose text nobody has read.

import type { ProblemSlug, ValidationCode } from './types.ts';

/** One wrong field of a request. `code` may be one that is newer than this package. */
export type ValidationEntry = {
  readonly field: string;
  readonly message: string;
  readonly code: ValidationCode | (string & {});
};

/** Problems that this package names itself, where no problem of the API says what is wrong. */
export type OwnSlug = 'connection-failed' | 'timed-out' | 'unexpected-answer';

/** Slugs may be newer than this package: `switch` needs a `default`. */
export type ErrorSlug = ProblemSlug | OwnSlug | (string & {});

export type ErrorFacts = {
  type: string;
  slug: ErrorSlug;
  status: number | undefined;
  title: string;
  detail: string;
  requestId: string | undefined;
  validation?: readonly ValidationEntry[];
  code?: string | undefined;
  retryAfter?: number | undefined;
};

function messageOf({ detail, status, slug, code, requestId }: ErrorFacts): string {
  const facts = [status, slug, code, requestId].filter((fact) => fact !== undefined);
  return `${detail} (${facts.join(', ')})`;
}

/** The API refused, or gave no usable answer. Decide by `slug`, never by the wording of `title` or `detail`. */
export class HandoffError extends Error {
  /** URI of the problem; opens a page with cause and fix. `about:blank` (RFC 9457) where the API named none. */
  readonly type: string;
  /** The last segment of `type`, or this package's own word. */
  readonly slug: ErrorSlug;
  /** Of the answer; undefined when there was none. */
  readonly status: number | undefined;
  readonly title: string;
  readonly detail: string;
  /** Leads the portal's support, and `attempts.get`, to this request. */
  readonly requestId: string | undefined;
  /** The wrong fields; empty when it is not about fields. */
  readonly validation: readonly ValidationEntry[];
  /** Such as `USER_ALREADY_EXISTS`, where a problem has several. */
  readonly code: string | undefined;
  /** Seconds to wait before the next try, where the API said so. */
  readonly retryAfter: number | undefined;

  constructor(facts: ErrorFacts) {
    super(messageOf(facts));
    this.name = 'HandoffError';
    this.type = facts.type;
    this.slug = facts.slug;
    this.status = facts.status;
    this.title = facts.title;
    this.detail = facts.detail;
    this.requestId = facts.requestId;
    this.validation = facts.validation ?? [];
    this.code = facts.code;
    this.retryAfter = facts.retryAfter;
  }
}

/** No answer came: `connection-failed` or `timed-out`. `code` is the system's word, such as `ECONNREFUSED`, where there is one. */
export class HandoffConnectionError extends HandoffError {
  declare readonly slug: 'connection-failed' | 'timed-out';
  declare readonly status: undefined;

  constructor(facts: Pick<ErrorFacts, 'title' | 'detail' | 'code'> & { slug: 'connection-failed' | 'timed-out' }) {
    super({ ...facts, type: 'about:blank', status: undefined, requestId: undefined });
    this.name = 'HandoffConnectionError';
  }
}
