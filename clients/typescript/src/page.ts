// Lists: a page at a time, or one after the other to the end.

import type { ApiAnswer } from './answer.ts';
import type { CallOptions } from './transport.ts';

export type PageOptions = {
  /** How many at most, 1 to 50. Default 20. */
  limit?: number;
  /** Where to go on: the `lastKey` of the page before. */
  lastKey?: string;
};

export type Page<Item> = {
  items: Item[];
  hasNext: boolean;
  /** For the next page; null when there is none. */
  lastKey: string | null;
  requestId: string;
};

export function readPage<Item>({ data, pagination, requestId }: ApiAnswer<Item[]>): Page<Item> {
  return { items: data, hasNext: pagination?.hasNext ?? false, lastKey: pagination?.lastKey ?? null, requestId };
}

type List<Filter, Item> = (filter: Filter, options: CallOptions | undefined) => Promise<Page<Item>>;

/** Each item of each page; the next page is asked for when it is needed. */
export async function* iteratePages<Filter extends PageOptions, Item>(
  list: List<Filter | PageOptions, Item>,
  filter: Filter | PageOptions = {},
  options?: CallOptions,
): AsyncGenerator<Item, void, undefined> {
  for (let next = filter; ;) {
    const page = await list(next, options);
    yield* page.items;
    if (!page.hasNext || page.lastKey === null) return;
    next = { ...filter, lastKey: page.lastKey };
  }
}
