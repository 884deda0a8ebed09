// The floors: node:http by itself. Headers and JSON in, JSON out (`json`); the same and one ES256 signature (`sign`), or one
// verification (`verify`), by node:crypto. What a handoff can cost at the least in this runtime: signatures are translated between
// the form of a JWS and OpenSSL's (DER) here, because node:crypto takes longer for that than to make one.
//
//   PORT=… KEY='{private JWK}' node floor.ts json|sign|verify

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { argv, env } from 'node:process';
import { toJwsSignature } from '../../src/signing-keys/es256.ts';

const private_key = createPrivateKey({ key: JSON.parse(env['KEY'] ?? ''), format: 'jwk' });
const public_key = createPublicKey(private_key);
const head = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT' })).toString('base64url');

/** RFC 3279, 2.2.3: an integer of a signature, without zeros in front but for one where it would look negative. */
function derInteger(bytes: Buffer): Buffer {
  const first = Math.max(
    0,
    bytes.findIndex((byte) => byte !== 0),
  );
  const shortest = bytes.subarray(first);
  const zero = (shortest[0] ?? 0) > 0x7f ? [0] : [];
  return Buffer.concat([Buffer.from([2, shortest.length + zero.length, ...zero]), shortest]);
}

function toDer(signature: Buffer): Buffer {
  const [r, s] = [derInteger(signature.subarray(0, 32)), derInteger(signature.subarray(32))];
  return Buffer.concat([Buffer.from([0x30, r.length + s.length]), r, s]);
}

type Body = { redirect_path?: string; token?: string };

function answerJson(headers: IncomingHttpHeaders, body: Body): object {
  return { user_id: headers['x-user-id'], redirect_path: body.redirect_path };
}

function answerSigned(headers: IncomingHttpHeaders, body: Body): object {
  const claims = Buffer.from(JSON.stringify(answerJson(headers, body))).toString('base64url');
  const signed = `${head}.${claims}`;
  const signature = toJwsSignature(sign('sha256', Buffer.from(signed), private_key));
  return { token: `${signed}.${signature.toString('base64url')}` };
}

function answerVerified(_headers: IncomingHttpHeaders, { token = '' }: Body): object | undefined {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  if (!verify('sha256', Buffer.from(token.slice(0, dot)), public_key, toDer(signature))) return undefined;
  return JSON.parse(Buffer.from(token.slice(token.indexOf('.') + 1, dot), 'base64url').toString());
}

const ANSWERS = new Map([
  ['json', answerJson],
  ['sign', answerSigned],
  ['verify', answerVerified],
]);
const answer = ANSWERS.get(argv[2] ?? '') ?? answerJson;

createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body: Body = chunks.length === 0 ? {} : JSON.parse(Buffer.concat(chunks).toString());
    const given = answer(request.headers, body);
    const text = JSON.stringify(given ?? {});
    response.writeHead(given === undefined ? 401 : 200, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
}).listen(Number(env['PORT']), '127.0.0.1');
