// The two databases, and what the tables call them and the four operations.

export const ENGINES = { sqlite: 'SQLite', postgres: 'PostgreSQL' } as const;
export type Engine = keyof typeof ENGINES;

export const OPERATIONS = { mint: 'mint', redeem: 'redeem', verify: '/auth/verify', read: 'users read' } as const;
export type Operation = keyof typeof OPERATIONS;
