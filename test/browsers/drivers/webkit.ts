// WebKitGTK, the engine of GNOME's browser and the nearest to Safari's on this machine: MiniBrowser on a screen that nobody
// sees, told what to do by WebKitWebDriver.

import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { findMiniBrowser } from '../../../scripts/browsers.mjs';
import { freePort } from '../../support/ports.ts';
import { type BrowserKind, type DrivenBrowser, eachAnew, type Tab } from './driver.ts';
import { type ProcessGroup, startGroup } from './process-group.ts';
import { newProfile } from './profile.ts';
import { command, newSession, type Session, tabOf } from './webdriver.ts';

/** A screen; its name, such as `:99`, is one that no other has, by the X server's own choice. */
async function startScreen(env: Record<string, string>): Promise<{ display: string; group: ProcessGroup }> {
  const args = ['-displayfd', '1', '-screen', '0', '1280x900x24', '-nolisten', 'tcp'];
  const group = await startGroup('Xvfb', args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  const { stdout } = group.child;
  if (stdout === null) throw new Error('Xvfb has no output');
  const [chunk] = (await once(stdout, 'data')) as [Buffer];
  return { display: `:${chunk.toString().trim()}`, group };
}

async function startDriver(env: Record<string, string>): Promise<{ url: string; group: ProcessGroup }> {
  const port = await freePort();
  const group = await startGroup('WebKitWebDriver', [`--port=${port}`], { env });
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; ; tries += 1) {
    try {
      await command('GET', `${url}/status`);
      return { url, group };
    } catch (error) {
      if (tries === 200) throw error;
      await pause(50);
    }
  }
}

async function startSession(driver_url: string, binary: string): Promise<{ session: Session; version: string }> {
  const browser = { binary, args: ['--automation'] };
  const alwaysMatch = { acceptInsecureCerts: true, 'webkitgtk:browserOptions': browser };
  const created = await command('POST', `${driver_url}/session`, { capabilities: { alwaysMatch } });
  const { sessionId, capabilities } = created as { sessionId: string; capabilities: { browserVersion: string } };
  return { session: newSession(`${driver_url}/session/${sessionId}`), version: capabilities.browserVersion };
}

function drive(session: Session): Pick<DrivenBrowser, 'newTab' | 'tabs'> {
  const known = new Map<string, Tab>();
  const tab = (handle: string): Tab => {
    const found = known.get(handle) ?? tabOf(session, handle);
    known.set(handle, found);
    return found;
  };
  const handles = async () => (await session.send('GET', '/window/handles')) as string[];
  return {
    newTab: () =>
      session.alone(async () => {
        // The window in use may have been closed; that one opens beside the first is what matters.
        const [first] = await handles();
        await session.send('POST', '/window', { handle: first });
        const created = await session.send('POST', '/window/new', { type: 'window' });
        return tab((created as { handle: string }).handle);
      }),
    tabs: async () => (await handles()).map(tab),
  };
}

async function startProfile(): Promise<DrivenBrowser & { version: string }> {
  const binary = findMiniBrowser();
  if (binary === undefined) throw new Error('there is no MiniBrowser: npm test installs it or says how');
  const profile = newProfile();
  const groups: ProcessGroup[] = [];
  const close = async () => {
    for (const group of groups.toReversed()) await group.end();
    profile.remove();
  };
  try {
    const screen = await startScreen(profile.environment);
    groups.push(screen.group);
    const driver = await startDriver({ ...profile.environment, DISPLAY: screen.display });
    groups.push(driver.group);
    const { session, version } = await startSession(driver.url, binary);
    return { version, ...drive(session), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** WebKit's own settings: a frame sets no cookie of another site. */
export const startWebkit = (): Promise<BrowserKind> => eachAnew(startProfile);
