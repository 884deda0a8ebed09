import type { Command } from 'commander';
import { parseMasterKey } from '../config.ts';
import type { SigningKeysTable } from '../db/tables.ts';
import { readSandboxKey } from '../sandbox/settings.ts';
import { checkMasterKey } from '../signing-keys/keyring.ts';
import { rotateSigningKeys } from '../signing-keys/rotate.ts';
import { listSigningKeys } from '../signing-keys/store.ts';
import { command, makers, noun, withDatabase } from './command.ts';
import { type Output, printMany, printOne } from './output.ts';

/** Without the key itself, encrypted or not. */
function describeKey({ private_key_encrypted: _, public_jwk: __, ...row }: SigningKeysTable) {
  return row;
}

function list(): Command {
  return command('list', 'list signing keys: next, active and retiring').action(async (options: Output) => {
    const rows = (await withDatabase(listSigningKeys)).map(describeKey);
    printMany(options, rows, { things: 'signing keys: the first start of a server makes them' });
  });
}

function rotate(): Command {
  return command('rotate', 'sign with the next key from now on; the present one still verifies for a day')
    .option(
      '--compromised',
      'the present key and all before it stop verifying now, and with them the links not opened yet',
    )
    .action(async ({ compromised = false, ...output }: Output & { compromised?: boolean }) => {
      const master_key = parseMasterKey({ MASTER_KEY: readSandboxKey(process.env), ...process.env });
      const rotated = await withDatabase(async (db) => {
        await checkMasterKey(db, master_key);
        return rotateSigningKeys(db, { compromised }, { ...makers, master_key });
      });
      printOne(output, rotated, 'Running servers sign with it within five seconds.');
    });
}

export function keyCommand(): Command {
  return noun('key', 'keys that sign tokens', [list(), rotate()]);
}
