// Time as an argument: everything that asks what time it is takes a Clock, so that tests move it and never sleep.

/** Milliseconds since the Unix epoch. */
export type Clock = () => number;

export const systemClock: Clock = Date.now;

export const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;

/** RFC 3339 in UTC with milliseconds: 24 characters that sort as time does, the one form in database and JSON. */
export function timestamp(milliseconds: number): string {
  if (milliseconds !== last.milliseconds) last = { milliseconds, text: new Date(milliseconds).toISOString() };
  return last.text;
}

// A request writes down the moment it came several times, and others come in the same.
let last = { milliseconds: 0, text: '1970-01-01T00:00:00.000Z' };
