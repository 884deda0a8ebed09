// A certificate for the sites of one run, trusted by nobody: the browsers under test are told to accept it.

import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export type Certificate = { key: Buffer; cert: Buffer };

/** @param hosts names and addresses of this machine */
export async function makeCertificate(hosts: string[]): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-certificate-'));
  try {
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const names = hosts.map((host) => (/^[\d.]+$/.test(host) ? `IP:${host}` : `DNS:${host}`));
    const kind = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
    const content = ['-subj', '/CN=handoff-test', '-addext', `subjectAltName=${names.join(',')}`];
    await promisify(execFile)('openssl', ['req', ...kind, ...content, '-keyout', key, '-out', cert]);
    return { key: await readFile(key), cert: await readFile(cert) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
