// @ts-check
// Lives within lives: what belongs to a frame ends with it, and everything ends with destroy(). AbortSignal.any and .timeout say the
// same and are too young for the browsers of some clinics.

/** A controller that aborts with a signal, or before it. @param {AbortSignal} outer */
export function within(outer) {
  const controller = new AbortController();
  if (outer.aborted) controller.abort();
  else outer.addEventListener('abort', () => controller.abort(), { signal: controller.signal });
  return controller;
}

/** @param {() => void} act @param {{ ms: number, signal: AbortSignal }} when not after the signal has aborted */
export function later(act, { ms, signal }) {
  const timer = setTimeout(act, ms);
  signal.addEventListener('abort', () => clearTimeout(timer));
}

/**
 * A limit on what happens by itself: `most` times in any minute.
 *
 * @param {number} most
 * @returns {() => boolean} whether it may happen now; counts it if so
 */
export function atMostInAMinute(most) {
  /** @type {number[]} */
  let moments = [];
  return () => {
    // Not Date.now(), which goes back when a clock is set.
    const now = performance.now();
    moments = moments.filter((moment) => now - moment < 60_000);
    return moments.length < most && moments.push(now) > 0;
  };
}
