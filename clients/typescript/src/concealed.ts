// Results that hold a secret are for one use and not for a log. console.log of Node, Bun and Deno shows them without it; reading
// the member and JSON.stringify give it, as they must.

const VIEWS = [Symbol.for('nodejs.util.inspect.custom'), Symbol.for('Deno.customInspect')];

/** `result`, which is inspected as `shown`. */
export function conceal<Result extends object>(result: Result, shown: Partial<Record<keyof Result, unknown>>): Result {
  const view = { ...result, ...shown };
  for (const symbol of VIEWS) Object.defineProperty(result, symbol, { value: () => view });
  return Object.freeze(result);
}
