// A mint as it is usually written: Express with helmet and a log, better-sqlite3, jsonwebtoken. It does what Handoff's does in the
// main: two secrets, the user, an ES256 token, an audit row that is on disk before the answer.
//
//   PORT=… KEY='{private JWK}' DATABASE=… node express-mint.ts

import { createHash, createPrivateKey, randomUUID } from 'node:crypto';
import { env } from 'node:process';
import BetterSqlite3 from 'better-sqlite3';
import express from 'express';
import helmet from 'helmet';
import jwt from 'jsonwebtoken';
import morgan from 'morgan';
import { AUDIENCE } from './names.ts';

const key = createPrivateKey({ key: JSON.parse(env['KEY'] ?? ''), format: 'jwk' });
const db = new BetterSqlite3(env['DATABASE'] ?? '');
db.pragma('journal_mode = WAL');
db.pragma('synchronous = FULL');
db.pragma('foreign_keys = ON');

function hash(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

const app = express();
app.use(helmet());
app.use(morgan('combined'));
app.use(express.json({ limit: '16kb' }));

app.post('/v1/sso', (request, response) => {
  const partner_id = request.get('x-partner-id');
  const organization_id = request.get('x-organization-id');
  const user_id = request.get('x-user-id');
  const partner = db
    .prepare('SELECT * FROM partners WHERE partner_id = ? AND secret_hash = ?')
    .get(partner_id, hash(request.get('x-partner-secret') ?? ''));
  const organization = db
    .prepare('SELECT * FROM organizations WHERE organization_id = ? AND partner_id = ? AND secret_hash = ?')
    .get(organization_id, partner_id, hash(request.get('x-organization-secret') ?? ''));
  if (!partner || !organization) {
    response.status(401).json({ error: 'invalid credentials' });
    return;
  }
  const { redirect_path } = request.body;
  if (typeof redirect_path !== 'string' || !redirect_path.startsWith('/dashboard/')) {
    response.status(400).json({ error: 'invalid redirect_path' });
    return;
  }
  const user = db
    .prepare('SELECT * FROM users WHERE user_id = ? AND organization_id = ? AND active = 1')
    .get(user_id, organization_id);
  if (!user) {
    response.status(404).json({ error: 'user not found' });
    return;
  }
  const jti = randomUUID();
  const token = jwt.sign({ org: organization_id, redirect_path }, key, {
    algorithm: 'ES256',
    audience: AUDIENCE,
    subject: String(user_id),
    jwtid: jti,
    expiresIn: 300,
  });
  db.prepare(
    'INSERT INTO audit (id, at, action, partner_id, organization_id, user_id, jti) VALUES (?, ?, ?, ?, ?, ?, ?)',
  ).run(randomUUID(), new Date().toISOString(), 'token.minted', partner_id, organization_id, user_id, jti);
  response.json({ token, expires_in: 300 });
});

app.listen(Number(env['PORT']), '127.0.0.1');
