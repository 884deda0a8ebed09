// The same small portal in each framework that the portal kit has middleware for, spoken to over HTTP.

import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  request as sendRequest,
  type RequestListener,
  type Server,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import type { GuardOptions, Portal } from '../../clients/portal/src/handoff-portal.ts';
import { protect, protectShell } from '../../clients/portal/src/handoff-portal.ts';
import * as forExpress from '../../clients/portal/src/express.ts';
import * as forFastify from '../../clients/portal/src/fastify.ts';
import * as forHono from '../../clients/portal/src/hono.ts';

export const OWN_POLICY = "default-src 'self'; frame-ancestors 'self'";
/** As a server of files sends them. */
const SHELL_HEADERS = { 'cache-control': 'public, max-age=600', vary: 'Accept' };

/** Routes: /dashboard/plain, /dashboard/own (with headers of its own), /dashboard/broken, POST /dashboard/notes, /optional, /embed/shell. */
type MakeListener = (portal: Portal, options: GuardOptions) => Promise<RequestListener>;

function listenerOf(answer: (request: Request) => Response | Promise<Response>): RequestListener {
  const listener = getRequestListener(answer);
  return (request, response) => void listener(request, response);
}

function honoApp(portal: Portal, options: GuardOptions): Promise<RequestListener> {
  const app = new Hono<forHono.MaybeSignedInEnv>();
  app.use('/dashboard/*', forHono.guard(portal, options));
  app.get('/dashboard/plain', (c) => c.text(c.get('signedIn')?.userId ?? 'nobody'));
  app.get('/dashboard/own', () => {
    const headers = {
      'content-security-policy': OWN_POLICY,
      vary: 'Accept, cookie',
      'cache-control': 'private, max-age=5',
    };
    return new Response('own', { headers });
  });
  app.get('/dashboard/broken', () => {
    throw new Error('broken');
  });
  app.onError((_, c) => c.text('broken', 500));
  app.post('/dashboard/notes', (c) => c.body(null, 204));
  app.get('/optional', forHono.guard(portal, { ...options, required: false }), (c) =>
    c.text(c.get('signedIn')?.userId ?? 'nobody'),
  );
  app.get('/embed/shell', forHono.embedShell(portal), (c) => c.text('shell', 200, SHELL_HEADERS));
  return Promise.resolve(listenerOf((request) => app.fetch(request)));
}

function expressApp(make: typeof express): MakeListener {
  return async (portal, options) => {
    const app = make();
    app.use('/dashboard', forExpress.guard(portal, options));
    app.get('/dashboard/plain', (request, response) => {
      response.send(request.signedIn?.userId ?? 'nobody');
    });
    app.get('/dashboard/own', (_, response) => {
      // By hand, as some libraries do it.
      response.setHeader('vary', 'Accept, cookie');
      response.writeHead(200, { 'Content-Security-Policy': OWN_POLICY, 'cache-control': 'private, max-age=5' });
      response.end('own');
    });
    app.get('/dashboard/broken', () => {
      throw new Error('broken');
    });
    app.post('/dashboard/notes', (_, response) => {
      response.status(204).end();
    });
    app.get('/optional', forExpress.guard(portal, { ...options, required: false }), (request, response) => {
      response.send(request.signedIn?.userId ?? 'nobody');
    });
    app.get('/embed/shell', forExpress.embedShell(portal), (_, response) => {
      response.set(SHELL_HEADERS).send('shell');
    });
    app.set('env', 'test');
    return app;
  };
}

async function fastifyApp(portal: Portal, options: GuardOptions): Promise<RequestListener> {
  const app = fastify();
  await app.register(async (guarded) => {
    guarded.addHook('onRequest', forFastify.guard(portal, options));
    guarded.get('/dashboard/plain', async ({ signedIn }) => signedIn?.userId ?? 'nobody');
    guarded.get('/dashboard/own', async (_, reply) => {
      reply.headers({ 'content-security-policy': OWN_POLICY, vary: 'Accept, cookie' });
      return reply.header('cache-control', 'private, max-age=5').send('own');
    });
    guarded.get('/dashboard/broken', async () => {
      throw new Error('broken');
    });
    guarded.post('/dashboard/notes', async (_, reply) => reply.code(204).send());
  });
  app.get(
    '/optional',
    { onRequest: forFastify.guard(portal, { ...options, required: false }) },
    async ({ signedIn }) => signedIn?.userId ?? 'nobody',
  );
  app.get('/embed/shell', { onRequest: forFastify.embedShell(portal) }, async (_, reply) =>
    reply.headers(SHELL_HEADERS).send('shell'),
  );
  await app.ready();
  return (request, response) => app.routing(request, response);
}

async function fetchApp(portal: Portal, options: GuardOptions): Promise<RequestListener> {
  const routes: Record<string, () => Response> = {
    '/dashboard/own': () => {
      const headers = {
        'content-security-policy': OWN_POLICY,
        vary: 'Accept, cookie',
        'cache-control': 'private, max-age=5',
      };
      return new Response('own', { headers });
    },
    '/dashboard/notes': () => new Response(null, { status: 204 }),
    '/dashboard/broken': () => new Response('broken', { status: 500 }),
    '/embed/shell': () => new Response('shell', { headers: SHELL_HEADERS }),
  };
  return listenerOf(async (request) => {
    const { pathname } = new URL(request.url);
    const { refused, signedIn, secure } =
      pathname === '/embed/shell'
        ? await protectShell(portal, request)
        : await protect(portal, request, { ...options, ...(pathname === '/optional' && { required: false }) });
    if (refused !== undefined) return refused;
    return secure(routes[pathname]?.() ?? new Response(signedIn?.userId ?? 'nobody'));
  });
}

export const FRAMEWORKS: Record<string, MakeListener> = {
  hono: honoApp,
  'express 5': expressApp(express),
  'express 4': async (portal, options) => {
    // @ts-expect-error -- it has no types under this name; what is used of it is as in Express 5.
    const express4 = (await import('express-4')) as { default: typeof express };
    return expressApp(express4.default)(portal, options);
  },
  fastify: fastifyApp,
  fetch: fetchApp,
};

const servers: Server[] = [];

/** Where the portal listens. */
export async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function closeAll(): Promise<void> {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }
}

export type PortalAnswer = { status: number; headers: Headers; text: string; json: () => unknown };
export type PortalCall = { method?: string; headers?: Record<string, string> };

/** node:http, because fetch says of itself that it is a page's script. */
export async function callPortal(
  url: string,
  { method = 'GET', headers = {} }: PortalCall = {},
): Promise<PortalAnswer> {
  const sent = sendRequest(url, { method, headers, agent: false });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const received = new Headers();
  for (let index = 0; index < response.rawHeaders.length; index += 2) {
    received.append(response.rawHeaders[index] ?? '', response.rawHeaders[index + 1] ?? '');
  }
  const body = await text(response);
  return { status: response.statusCode ?? 0, headers: received, text: body, json: () => JSON.parse(body) as unknown };
}
