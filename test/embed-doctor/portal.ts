// A portal with its proxy before Handoff, as in production, on one origin: /auth/… goes to Handoff, /embed/… is a page behind the
// session check, or one without data behind /auth/framing. What goes wrong in the field is switched on as a fault.

import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  request,
  type ServerResponse,
} from 'node:http';
import { buffer } from 'node:stream/consumers';

type Message = { status: number; headers: OutgoingHttpHeaders; body: string };

export type Faults = {
  /** Changes what a browser sends, before Handoff gets it. */
  request?: (headers: IncomingHttpHeaders) => void;
  /** Changes what Handoff answers below /auth/. */
  auth?: (answer: Message, path: string) => void;
  /** Changes what the portal answers. */
  page?: (answer: Message) => void;
};

export type Portal = { url: string; faults: Faults; close: () => Promise<void> };

type Asked = { url: string; method: string; headers: IncomingHttpHeaders; body?: Buffer };

async function ask({ url, method, headers, body }: Asked): Promise<Message> {
  const sent = request(url, { method, headers, agent: false });
  sent.end(body);
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
  const content = await buffer(incoming);
  // The body may be changed, and with it its length.
  const { 'transfer-encoding': _, connection: __, 'content-length': ___, ...answered } = incoming.headers;
  return { status: incoming.statusCode ?? 0, headers: answered, body: content.toString('utf8') };
}

const PAGE = '<!doctype html><html lang="en"><title>Sample portal</title><main><h1>Sample</h1></main></html>';

async function portalPage(handoff_url: string, { url = '/', headers }: IncomingMessage, mode: 'check' | 'framing') {
  const checked = { ...headers, 'x-forwarded-uri': url, accept: 'text/html' };
  const path = mode === 'check' ? '/auth/verify' : '/auth/framing';
  const answer = await ask({ url: handoff_url + path, method: 'GET', headers: checked });
  if (answer.status !== 200) return answer;
  return {
    status: 200,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': String(answer.headers['x-auth-content-security-policy']),
      'cache-control': 'no-store',
    },
    body: PAGE,
  };
}

/** What stands before the embedded pages; or `sandbox`: a Handoff that has a portal of its own. */
type Mode = 'check' | 'framing' | 'sandbox';

export async function startPortal(handoff_url: string, mode: Mode, port = 0): Promise<Portal> {
  const faults: Faults = {};
  async function answer(incoming: IncomingMessage): Promise<Message> {
    const { url = '/', method = 'GET', headers } = incoming;
    faults.request?.(headers);
    if (mode !== 'sandbox' && !url.startsWith('/auth/')) {
      const page = await portalPage(handoff_url, incoming, mode);
      faults.page?.(page);
      return page;
    }
    const passed = await ask({ url: handoff_url + url, method, headers, body: await buffer(incoming) });
    faults.auth?.(passed, new URL(url, handoff_url).pathname);
    return passed;
  }
  const send = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { status, headers, body } = await answer(incoming);
    outgoing.writeHead(status, headers).end(body);
  };
  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void send(incoming, outgoing);
  const server = createServer(listener).listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : undefined}`,
    faults,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
