import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { login, startWorld, type World } from '../e2e/world.js';

const folder = join(process.cwd(), 'test', 'samples');

/** A server set up as the samples ask for, and a proxy before it. */
export async function startSamples(policy: string, databases: readonly string[]): Promise<World> {
  const world = await startWorld({
    policy,
    databases,
    postgres: {
      flags: [
        'shared_preload_libraries=pg_stat_statements',
        'wal_level=logical',
        'max_prepared_transactions=16',
        'log_statement=all',
      ].flatMap((setting) => ['-c', setting]),
    },
  });
  // The runner of the risks sets this password itself. Upstream the login may do everything; the runner of the leaks takes that away.
  const admin = await world.direct('postgres');
  await admin.query(`ALTER ROLE postgres PASSWORD 'postgres'; ALTER ROLE ${login.name} SUPERUSER`);
  await admin.end();
  return world;
}

/** Straight to the server, as superuser. */
export const setupUrl = ({ postgres }: World, database: string): string =>
  `postgres://postgres:postgres@127.0.0.1:${postgres.port}/${database}`;

/** The way under test: through the tap and the proxy. */
export const attackUrl = ({ tap }: World, token: string, database: string): string =>
  `postgres://bot:${token}@127.0.0.1:${tap.port}/${database}?sslmode=require`;

/** Runs one of the samples' runners; resolves with all that it printed, whatever its exit code. */
export function play(runner: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [join(folder, runner), ...args], { maxBuffer: 64 * 1024 * 1024 }, (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

export const sample = (name: string): string => join(folder, name);

interface MaskedColumn {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
  readonly json_path?: readonly string[];
}

/** Everything is allowed; only the masks of the samples' columns stand between. */
export function maskingPolicy(): string {
  const { masked_columns: columns } = JSON.parse(readFileSync(sample('masked-columns.json'), 'utf8')) as {
    masked_columns: readonly MaskedColumn[];
  };
  const masks = columns.map(
    ({ schema, table, column, json_path: path }) =>
      `  - column: ${schema}.${table}.${column}\n${path ? `    path: ${JSON.stringify(path)}\n` : ''}    mask: partial\n    keep: { last: 4 }`,
  );
  return `version: 1
roles:
  - name: app
    groups: [agents]
    target: main
    databases: ['*']
    login: ${login.name}
rules:
  - name: everything
    when: {}
    then: allow
masks:
${masks.join('\n')}
`;
}
