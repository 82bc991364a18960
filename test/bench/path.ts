/** One way from a client to the database. */
export interface Path {
  readonly name: string;
  /** libpq's environment for it. */
  readonly env: Readonly<Record<string, string>>;
  /** The process between client and server, where there is one. */
  readonly pid?: number;
  /** Where it keeps its record, where it keeps one. */
  readonly dataDir?: string;
  readonly stop: () => Promise<void>;
}

export const database = { name: 'bench', login: 'bench', password: 'a-password-of-a-bench' } as const;

/** libpq's environment for a client of the bench. */
export const libpq = (port: number, sslmode: 'disable' | 'require', password: string = database.password): Path['env'] => ({
  PGHOST: '127.0.0.1',
  PGPORT: String(port),
  PGDATABASE: database.name,
  PGUSER: database.login,
  PGPASSWORD: password,
  PGSSLMODE: sslmode,
});
