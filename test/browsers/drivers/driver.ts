// What the cases ask of a browser, whichever it is: open pages, act as a person does, look into a frame. How each browser is
// told so is in the other files of this folder.

/** A document on the screen: that of a tab, or the one in a frame of it, whichever is there at the moment of asking. */
export type View = {
  /** The value of a JavaScript expression, as JSON; a promise is waited for. */
  evaluate: (expression: string) => Promise<unknown>;
  /** A real click, by which a browser knows a person. A selector may go into a shadow tree: `host >>> button`. */
  click: (selector: string) => Promise<void>;
  doubleClick: (selector: string) => Promise<void>;
  type: (selector: string, text: string) => Promise<void>;
};

export type Tab = View & {
  /** Goes to an address and waits until its page has loaded. */
  goto: (url: string) => Promise<void>;
  reload: () => Promise<void>;
  /** Goes back one step, and does not wait for it. */
  back: () => Promise<void>;
  close: () => Promise<void>;
  /** The document in the frame that the selector finds; a list finds a frame within a frame. */
  frame: (...selectors: string[]) => View;
};

/** A browser as somebody opens it for the first time, with nothing kept. */
export type DrivenBrowser = {
  newTab: () => Promise<Tab>;
  /** All tabs that are open, also those that pages have opened. */
  tabs: () => Promise<Tab[]>;
  close: () => Promise<void>;
};

/** One browser of the matrix, for as many cases as there are. */
export type BrowserKind = {
  version: string;
  /** One that keeps nothing of those before it. */
  open: () => Promise<DrivenBrowser>;
  close: () => Promise<void>;
};

/** A browser whose every profile is a process of its own. `start` gives its version, too. */
export async function eachAnew(start: () => Promise<DrivenBrowser & { version: string }>): Promise<BrowserKind> {
  const first = await start();
  await first.close();
  return { version: first.version, open: start, close: async () => undefined };
}
