// The job of oauth2-proxy and its like (is this cookie a session? whose?), as a plain Express middleware: a random session id in a
// cookie, looked up by its hash in better-sqlite3, the user's headers on the answer. No log, no prolonging.
//
//   PORT=… DATABASE=… node express-session.ts

import { createHash } from 'node:crypto';
import { env } from 'node:process';
import BetterSqlite3 from 'better-sqlite3';
import express, { type RequestHandler } from 'express';
import { SESSION_COOKIE } from './names.ts';

const db = new BetterSqlite3(env['DATABASE'] ?? '');
db.pragma('journal_mode = WAL');

type Session = { user_id: string; email: string };

const find = db.prepare<[string, number], Session>(
  'SELECT user_id, email FROM sessions WHERE session_hash = ? AND expires_at > ?',
);
const cookie = new RegExp(`(?:^|; ?)${SESSION_COOKIE}=([^;]*)`);

const requireSession: RequestHandler = (request, response, next) => {
  const session_id = cookie.exec(request.get('cookie') ?? '')?.[1] ?? '';
  const session = find.get(createHash('sha256').update(session_id).digest('base64url'), Date.now());
  if (session === undefined) {
    response.status(401).end();
    return;
  }
  response.set({ 'x-auth-request-user': session.user_id, 'x-auth-request-email': session.email });
  next();
};

const app = express();
app.disable('x-powered-by');
app.get('/oauth2/auth', requireSession, (_request, response) => {
  response.status(202).end();
});
app.listen(Number(env['PORT']), '127.0.0.1');
