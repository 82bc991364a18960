import { readFileSync } from 'node:fs';
import { Client } from 'pg';

/** The roles that may log in to the shop, beside the superuser. */
export const shopLogins = ['billing_agent', 'analyst', 'sallyport_catalog'] as const;
export type ShopLogin = (typeof shopLogins)[number];

export const shopDatabase = 'shop';

/** Says which rows are in; another text means another shop, which is made anew. */
const edition = 'the demo shop, edition 1';
/** By this name the shop's own connections are told from others of the superuser. */
export const shopkeeper = 'sallyport demo';
const files = ['schema', 'rows', 'constraints', 'code', 'rights'];

/**
 * Makes the shop unless it is there, and gives its logins their passwords.
 * @param server where the superuser logs in; its database is not used
 */
export async function openShop(server: ServerLogin, passwords: Readonly<Record<ShopLogin, string>>): Promise<void> {
  const made = await as(server, 'postgres', async (client) => {
    for (const login of shopLogins) await giveLogin(client, login, passwords[login]);
    const { rows } = await client.query<{ edition: string | null }>(
      "SELECT shobj_description(oid, 'pg_database') AS edition FROM pg_database WHERE datname = $1",
      [shopDatabase],
    );
    if (rows[0]?.edition === edition) return true;
    if (rows[0]) await client.query(`DROP DATABASE ${shopDatabase} WITH (FORCE)`);
    await client.query(`CREATE DATABASE ${shopDatabase}`);
    return false;
  });
  if (!made) await as(server, shopDatabase, fill);
  // Whoever comes as superuser goes past the proxy: what they do shows in the server's own log.
  await as(server, 'postgres', (client) =>
    client.query(`ALTER ROLE ${client.escapeIdentifier(server.user)} IN DATABASE ${shopDatabase} SET log_statement = 'all'`),
  );
}

/** Where a server listens, and as whom to log in to it. */
export interface ServerLogin {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
}

async function giveLogin(client: Client, login: ShopLogin, password: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [login]);
  await client.query(`${rowCount === 0 ? 'CREATE' : 'ALTER'} ROLE ${login} LOGIN PASSWORD ${client.escapeLiteral(password)}`);
}

/** All or nothing; the description that says it is done comes with it. */
async function fill(client: Client): Promise<void> {
  await client.query('SET synchronous_commit = off; BEGIN');
  for (const file of files) await client.query(readFileSync(new URL(`${file}.sql`, import.meta.url), 'utf8'));
  await client.query(`COMMENT ON DATABASE ${shopDatabase} IS ${client.escapeLiteral(edition)}`);
  await client.query('COMMIT');
  await client.query('ANALYZE');
}

async function as<T>(server: ServerLogin, database: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ ...server, database, application_name: shopkeeper });
  client.on('error', () => undefined); // the query under way rejects with the same error
  try {
    await client.connect();
  } catch (cause) {
    if ((cause as { code?: unknown }).code !== '28P01') throw cause;
    throw new Error('the data that is here was made with other secrets: start once with --reset', { cause });
  }
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
