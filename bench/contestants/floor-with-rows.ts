// The floor of a mint with what has to be on disk: node:http, five look-ups, one ES256 signature and two rows, those of one turn of the
// event loop in one durable commit. Straight on better-sqlite3, with the product's schema and nothing else of it: no framework, no
// checks, no log. How close to the other floor anything can come that keeps its promises.
//
//   PORT=… KEY='{private JWK}' DATABASE=file node floor-with-rows.ts

import { createPrivateKey, hash, randomFillSync, sign } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { env } from 'node:process';
import BetterSqlite3 from 'better-sqlite3';
import { toJwsSignature } from '../../src/signing-keys/es256.ts';

const SCHEMA = new URL('../../schema.sql', import.meta.url);
const NOW = '2026-03-01T09:00:00.000Z';
const LATER = '2026-03-01T09:05:00.000Z';

const private_key = createPrivateKey({ key: JSON.parse(env['KEY'] ?? ''), format: 'jwk' });
const head = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT' })).toString('base64url');

const file = env['DATABASE'] ?? '';
for (const part of [file, `${file}-wal`, `${file}-shm`]) rmSync(part, { force: true });
const database = new BetterSqlite3(file);
database.pragma('journal_mode = WAL');
database.pragma('synchronous = FULL');
database.pragma('wal_autocheckpoint = 4000');
database.exec(readFileSync(SCHEMA, 'utf8'));
// The people of the floors' requests are in no table: a look-up that finds nothing is the cheapest there is.
database.pragma('foreign_keys = OFF');

const findCredential = database.prepare('select * from credentials where secret_hash = ?');
const findIntegration = database.prepare('select * from integrations where partner_id = ? and organization_id = ?');
const findOrganization = database.prepare('select * from organizations where organization_id = ?');
const findUser = database.prepare('select * from users where user_id = ?');
const insertToken = database.prepare(
  'insert into sso_tokens (jti, partner_id, organization_id, user_id, request_id, minted_at, expires_at) values (?, ?, ?, ?, ?, ?, ?)',
);
const insertEvent = database.prepare(
  `insert into audit_events (event_id, occurred_at, actor, action, outcome, partner_id, organization_id, user_id, jti, redirect_path,
  request_id, client_address) values (?, ?, 'partner', 'sso_token.minted', 'granted', ?, ?, ?, ?, ?, ?, '127.0.0.1')`,
);
const begin = database.prepare('begin immediate');
const commit = database.prepare('commit');

const text = (headers: IncomingHttpHeaders, name: string) => String(headers[name] ?? '');
/** In the order in which they are made, as the product's are. */
const newId = (prefix: string) =>
  `${prefix}_${Date.now().toString(16).padStart(12, '0')}${randomFillSync(Buffer.alloc(10)).toString('hex')}`;

type Mint = { headers: IncomingHttpHeaders; redirect_path: string; answer: () => void };

let waiting: Mint[] = [];

function write({ headers, redirect_path }: Mint): void {
  const [jti, request_id] = [newId('sso'), newId('req')];
  const who = ['x-partner-id', 'x-organization-id', 'x-user-id'].map((name) => text(headers, name));
  insertToken.run(jti, ...who, request_id, NOW, LATER);
  insertEvent.run(newId('evt'), NOW, ...who, jti, redirect_path, request_id);
}

function writeAll(): void {
  const mints = waiting;
  waiting = [];
  begin.run();
  for (const mint of mints) write(mint);
  commit.run();
  for (const { answer } of mints) answer();
}

function lookUp(headers: IncomingHttpHeaders): void {
  for (const name of ['x-partner-secret', 'x-organization-secret'])
    findCredential.get(hash('sha256', text(headers, name), 'base64url'));
  findIntegration.get(text(headers, 'x-partner-id'), text(headers, 'x-organization-id'));
  findOrganization.get(text(headers, 'x-organization-id'));
  findUser.get(text(headers, 'x-user-id'));
}

function signed(headers: IncomingHttpHeaders, redirect_path: string): string {
  const claims = JSON.stringify({ user_id: headers['x-user-id'], redirect_path });
  const input = `${head}.${Buffer.from(claims).toString('base64url')}`;
  return `${input}.${toJwsSignature(sign('sha256', Buffer.from(input), private_key)).toString('base64url')}`;
}

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const { redirect_path }: { redirect_path: string } = JSON.parse(Buffer.concat(chunks).toString());
    const { headers } = request;
    lookUp(headers);
    const body = JSON.stringify({ token: signed(headers, redirect_path) });
    const answer = () => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) });
      response.end(body);
    };
    if (waiting.length === 0) setImmediate(writeAll);
    waiting.push({ headers, redirect_path, answer });
  });
}).listen(Number(env['PORT']), '127.0.0.1');
