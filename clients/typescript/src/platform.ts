// Time and chance, as arguments: tests move the one and know the other. And whether this is a place for secrets at all.

export type Platform = {
  /** Milliseconds since 1970. */
  now: () => number;
  /** From 0 up to 1. */
  random: () => number;
  createId: () => string;
  /** Resolves after so many milliseconds; rejects with the signal's reason when that is aborted before. */
  sleep: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
};

/** `work`, unless the signal is aborted before it is done; the work goes on without the one who left. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let leave: () => void = () => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    else signal.addEventListener('abort', leave, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

async function sleep(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  try {
    await orAborted(rest, signal);
  } finally {
    clearTimeout(timer);
  }
}

/** Node 18 has no global `crypto`. The key has to be unique, not secret: it means nothing without the credentials. */
function createIdWithoutCrypto(): string {
  return Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 12).padEnd(10, '0')).join('-');
}

export const systemPlatform: Platform = {
  now: Date.now,
  random: Math.random,
  createId: () => globalThis.crypto?.randomUUID?.() ?? createIdWithoutCrypto(),
  sleep,
};

type Surroundings = {
  window?: unknown;
  document?: unknown;
  navigator?: { userAgent?: unknown; product?: unknown };
  process?: { versions?: { node?: unknown }; type?: unknown };
  Deno?: unknown;
  Bun?: unknown;
};

/** Node, Deno and Bun are servers also where a test gives them a `window`. Electron's renderer is a page that has Node. */
function isServer({ process, Deno, Bun }: Surroundings): boolean {
  if (process?.type === 'renderer') return false;
  return Deno !== undefined || Bun !== undefined || typeof process?.versions?.node === 'string';
}

/** Web workers have no `window`, but every browser calls itself Mozilla; Cloudflare Workers does not. */
function isOnSomebodysDevice({ window, document, navigator }: Surroundings): boolean {
  const is_page = window !== undefined && document !== undefined;
  return is_page || String(navigator?.userAgent).startsWith('Mozilla/') || navigator?.product === 'ReactNative';
}

/** @throws Error in a browser or an app */
export function refuseBrowsers(surroundings: Surroundings = globalThis): void {
  if (isServer(surroundings) || !isOnSomebodysDevice(surroundings)) return;
  throw new Error(
    'handoff-client runs on servers only. In a browser or an app, whoever has it open can read the partner secret and the ' +
      "organization secret and sign in as any of the organization's users. Create the client on your server, and hand the page " +
      'nothing but the redirectUrl. If these secrets have been in a page, rotate them.',
  );
}
