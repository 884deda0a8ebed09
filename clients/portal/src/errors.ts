// What this package throws, besides TypeError for wrong options. Who is not signed in is no error: identify() says so.

/**
 * `connection-failed` and `timed-out`: no answer. `unexpected-answer`: one that is not the session check's (another server, an
 * error of Handoff's). `keys-unavailable`: a session JWT cannot be judged, because the keys cannot be read.
 */
export type AwayCode = 'connection-failed' | 'timed-out' | 'unexpected-answer' | 'keys-unavailable';

/** Nobody can say who is signed in. Answer 503: it is neither "nobody" nor "somebody". Holds nothing of what was sent. */
export class HandoffAwayError extends Error {
  readonly code: AwayCode;
  /** Of an unexpected answer. */
  readonly status: number | undefined;

  constructor(code: AwayCode, detail: string, status?: number) {
    super(`${detail} (${code})`);
    this.name = 'HandoffAwayError';
    this.code = code;
    this.status = status;
  }
}

/** A page of another site sent this request. Answer 403. */
export class CrossSiteRequestError extends Error {
  readonly code = 'cross-site-request';

  constructor() {
    super('This request came from a page of another site (cross-site-request)');
    this.name = 'CrossSiteRequestError';
  }
}
