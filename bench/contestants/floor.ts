// The floors: node:http by itself. Headers and JSON in, JSON out (`json`); the same and one ES256 signature (`sign`), or one
// verification (`verify`), by node:crypto. What a handoff can cost at the least in this runtime.
//
//   PORT=… KEY='{private JWK}' node floor.ts json|sign|verify

import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { argv, env } from 'node:process';

const private_key = createPrivateKey({ key: JSON.parse(env['KEY'] ?? ''), format: 'jwk' });
const public_key = createPublicKey(private_key);
// RFC 7518, 3.4: r and s side by side, not in ASN.1.
const dsaEncoding = 'ieee-p1363';
const head = Buffer.from(JSON.stringify({ alg: 'ES256', typ: 'JWT' })).toString('base64url');

type Body = { redirect_path?: string; token?: string };

function answerJson(headers: IncomingHttpHeaders, body: Body): object {
  return { user_id: headers['x-user-id'], redirect_path: body.redirect_path };
}

function answerSigned(headers: IncomingHttpHeaders, body: Body): object {
  const claims = Buffer.from(JSON.stringify(answerJson(headers, body))).toString('base64url');
  const signed = `${head}.${claims}`;
  const signature = sign('sha256', Buffer.from(signed), { key: private_key, dsaEncoding });
  return { token: `${signed}.${signature.toString('base64url')}` };
}

function answerVerified(_headers: IncomingHttpHeaders, { token = '' }: Body): object | undefined {
  const dot = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(dot + 1), 'base64url');
  if (!verify('sha256', Buffer.from(token.slice(0, dot)), { key: public_key, dsaEncoding }, signature))
    return undefined;
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
