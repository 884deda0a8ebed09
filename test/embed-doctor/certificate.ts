// Certificates for tests, made without openssl: X.509 v3 (RFC 5280) in as much DER as one needs.

import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';

type Bytes = Uint8Array;

function der(tag: number, ...parts: Bytes[]): Bytes {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...parts: Bytes[]): Bytes => der(0x30, ...parts);
const oid = (hex: string): Bytes => der(0x06, Buffer.from(hex, 'hex'));
const integer = (value: number): Bytes => der(0x02, Buffer.from([value]));

/** RFC 5280, 4.1.2.5.2 */
function time(moment: Date): Bytes {
  return der(0x18, Buffer.from(`${moment.toISOString().replaceAll(/[-:T]|\.\d+Z/g, '')}Z`));
}

const ECDSA_WITH_SHA256 = sequence(oid('2a8648ce3d040302'));
const COMMON_NAME = '550403';
const SUBJECT_ALT_NAME = '551d11';

export type Certificate = { key: string; cert: string };

/** Signed by itself, for one IPv4 address or host. */
export function makeCertificate(host: string, { from, until }: { from: Date; until: Date }): Certificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Another one each time: a certificate is looked for by its name.
  const name = sequence(der(0x31, sequence(oid(COMMON_NAME), der(0x0c, Buffer.from(`Sample ${randomUUID()}`)))));
  const is_address = /^[\d.]+$/.test(host);
  const alternative = is_address ? der(0x87, Buffer.from(host.split('.').map(Number))) : der(0x82, Buffer.from(host));
  const extension = sequence(oid(SUBJECT_ALT_NAME), der(0x04, sequence(alternative)));
  const signed = sequence(
    der(0xa0, integer(2)),
    integer(1),
    ECDSA_WITH_SHA256,
    name,
    sequence(time(from), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(extension)),
  );
  const signature = der(0x03, Buffer.from([0]), sign('sha256', signed, privateKey));
  const body = Buffer.from(sequence(signed, ECDSA_WITH_SHA256, signature)).toString('base64');
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${(body.match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`,
  };
}
