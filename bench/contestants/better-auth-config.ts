// better-auth with its one-time tokens on SQLite, as its guides have it for production: cookie cache on. Its limit of requests a
// minute is off, because all the load comes from one address. Shared by the server and by whoever makes its data.

import { betterAuth } from 'better-auth';
import { oneTimeToken } from 'better-auth/plugins';
import BetterSqlite3 from 'better-sqlite3';

export function createAuth({ database, base_url, secret }: { database: string; base_url: string; secret: string }) {
  const db = new BetterSqlite3(database);
  db.pragma('journal_mode = WAL');
  return betterAuth({
    database: db,
    baseURL: base_url,
    secret,
    emailAndPassword: { enabled: true },
    session: { cookieCache: { enabled: true, maxAge: 300 } },
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    plugins: [oneTimeToken({ expiresIn: 60 })],
  });
}
