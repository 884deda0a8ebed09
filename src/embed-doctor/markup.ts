// What a page's markup says, read as a browser reads it: the metas, iframes and scripts, and what it loads. What its scripts do later
// is not in it.

import { type DefaultTreeAdapterTypes, parse } from 'parse5';
import { resolveAddress } from './address.ts';

export type Attributes = ReadonlyMap<string, string>;

export type Markup = {
  metas: Attributes[];
  iframes: Attributes[];
  scripts: Attributes[];
  /** Addresses that the page loads or sends forms to, as they are written. */
  loads: { tag: string; address: string }[];
  /** What relative addresses are relative to. */
  base: URL;
  /** What a page of Handoff's answers to the page around it (src/http/page.ts); empty on any other. */
  answer: { kind?: string | undefined; problem?: string | undefined };
  /** All that a person could read, for looking something up in it. */
  text: string;
};

type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

function attributesOf({ attrs }: Element): Attributes {
  return new Map(attrs.map(({ name, value }) => [name, value]));
}

/**
 * In the order of the document, without recursion: a page may be nested as deep as it likes. What is in a <template> is not in the
 * page, and parse5 keeps it apart from the child nodes.
 */
function listNodes(document: Node): Node[] {
  const nodes: Node[] = [];
  const waiting: Node[] = [document];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    if ('childNodes' in node) for (const child of node.childNodes.toReversed()) waiting.push(child);
  }
  return nodes;
}

/** Which attribute of which element makes a browser load something. */
const LOADING: Record<string, string> = {
  script: 'src',
  link: 'href',
  iframe: 'src',
  object: 'data',
  embed: 'src',
  img: 'src',
  audio: 'src',
  video: 'src',
  source: 'src',
  form: 'action',
};

/** Links that are followed by a browser itself, not by a person. */
const LOADED_LINKS = /\b(stylesheet|modulepreload|preload|icon|manifest)\b/i;

function loadOf({ tagName }: Element, attributes: Attributes): { tag: string; address: string }[] {
  const address = attributes.get(LOADING[tagName] ?? '');
  if (address === undefined || (tagName === 'link' && !LOADED_LINKS.test(attributes.get('rel') ?? ''))) return [];
  return [{ tag: tagName, address }];
}

function baseOf(elements: readonly Element[], url: URL): URL {
  const href = elements.flatMap((element) =>
    element.tagName === 'base' ? (attributesOf(element).get('href') ?? []) : [],
  )[0];
  return (href === undefined ? undefined : resolveAddress(href, url)) ?? url;
}

export function readMarkup(html: string, url: URL): Markup {
  const nodes = listNodes(parse(html));
  const elements = nodes.filter((node): node is Element => 'tagName' in node);
  const named = (name: string) => elements.filter(({ tagName }) => tagName === name).map(attributesOf);
  const answer = named('main').find((attributes) => attributes.has('data-answer'));
  return {
    metas: named('meta'),
    iframes: named('iframe'),
    scripts: named('script'),
    loads: elements.flatMap((element) => loadOf(element, attributesOf(element))),
    base: baseOf(elements, url),
    answer: { kind: answer?.get('data-answer'), problem: answer?.get('data-problem') },
    text: nodes.flatMap((node) => ('value' in node ? node.value : [])).join(' '),
  };
}

/** The content of `<meta http-equiv="…">`, each. */
export function metaHeaders({ metas }: Markup, name: string): string[] {
  return metas
    .filter((meta) => meta.get('http-equiv')?.toLowerCase() === name)
    .flatMap((meta) => meta.get('content') ?? []);
}

export function isHtml(headers: Headers): boolean {
  return /^(text\/html|application\/xhtml\+xml)\s*(;|$)/i.test(headers.get('content-type') ?? '');
}
