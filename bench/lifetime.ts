// What has to be put away however a run ends: by itself, by an error, or because somebody pressed Ctrl-C.

/** Something about the command line that whoever typed it can put right. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof UsageError) return error.message;
  const cause = error.cause instanceof Error ? `\n${error.cause.message}` : '';
  return `${error.stack ?? error.message}${cause}`;
}

type Ending = () => void | Promise<void>;

const endings: Ending[] = [];
let ended: Promise<void> | undefined;

/** Remembers something for the end; the last one comes first. */
export function atEnd(ending: Ending): void {
  endings.push(ending);
}

async function runEndings(): Promise<void> {
  for (const ending of endings.toReversed()) {
    try {
      await ending();
    } catch (error) {
      process.stderr.write(`while putting away: ${String(error)}\n`);
    }
  }
}

/** Puts everything away, once. */
function end(): Promise<void> {
  return (ended ??= runEndings());
}

/** Runs a program to its end, puts everything away, and sets the exit code. */
export async function live(program: () => Promise<number>): Promise<void> {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().then(() => process.exit(130)));
  }
  try {
    process.exitCode = await program();
  } catch (error) {
    // What fails because everything is being put away is no news.
    if (ended !== undefined) return;
    process.stderr.write(`${describe(error)}\n`);
    process.exitCode = 1;
  } finally {
    await end();
  }
}
