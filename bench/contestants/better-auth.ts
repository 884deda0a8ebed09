// better-auth on node:http, by its own adapter.
//
//   PORT=… DATABASE=… SECRET=… node better-auth.ts

import { createServer } from 'node:http';
import { env } from 'node:process';
import { toNodeHandler } from 'better-auth/node';
import { createAuth } from './better-auth-config.ts';

const port = Number(env['PORT']);
const base_url = `http://127.0.0.1:${port}`;
const auth = createAuth({ database: env['DATABASE'] ?? '', base_url, secret: env['SECRET'] ?? '' });
const handler = toNodeHandler(auth);
createServer((request, response) => void handler(request, response)).listen(port, '127.0.0.1');
