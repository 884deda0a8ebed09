// A program with all the processes that it starts: one group, ended as one, also when this process ends first.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

export type ProcessGroup = { child: ChildProcess; end: () => Promise<void> };

function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left in it.
  }
}

/** Starts a program at the head of a group; what it says goes nowhere, but for `stdio`. */
export async function startGroup(
  program: string,
  args: string[],
  options: { env: Record<string, string>; stdio?: ('ignore' | 'pipe')[] },
): Promise<ProcessGroup> {
  // For an end of this process that leaves it no time for anything, there is the kernel's own word (prctl, PR_SET_PDEATHSIG).
  const command = ['--pdeathsig', 'KILL', '--', program, ...args];
  const child = spawn('setpriv', command, { stdio: 'ignore', ...options, detached: true });
  await once(child, 'spawn');
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} did not start`);
  const kill = () => killGroup(pid);
  process.once('exit', kill);
  const ended = once(child, 'exit');
  const end = async () => {
    process.off('exit', kill);
    kill();
    await ended;
  };
  return { child, end };
}
