import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { z } from 'zod';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { Failure } from '../failure.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';

const By = z.object({ issuer: z.string(), subject: z.string() });
const WhoAmI = z.looseObject({
  principal: By.extend({ kind: z.string(), groups: z.array(z.string()) }),
  actors: z.array(By),
  roles: z.array(z.string()),
  expires: z.int().nullable(),
  policy: z.string().nullable(),
  databases: z.array(z.object({ target: z.string(), database: z.string(), role: z.string(), login: z.string() })),
});
type WhoAmI = z.infer<typeof WhoAmI>;

interface Options extends ApiOptions {
  readonly json?: true;
  readonly tokenFile?: string;
}

export function whoamiCommand(io: Io): Command {
  return apiCommand('whoami')
    .description('Tell who a token is: kind, groups, roles, and which databases it may reach.')
    .option('--token-file <file>', 'a file that holds the token')
    .option('--json', 'one JSON object')
    .addHelpText(
      'after',
      `
Any token that is good is told, whatever its groups.

Examples:
  $ SALLYPORT_TOKEN=$(cat token) sallyport whoami
  $ sallyport whoami --token-file /var/run/secrets/token --json | jq -r '.databases[] | [.target, .database, .login] | @tsv'`,
    )
    .action(async ({ json, tokenFile, ...options }: Options) => {
      const token = tokenFile === undefined ? options.token : tokenIn(io, tokenFile);
      const api = await openApi(io, { ...options, ...(token !== undefined && { token }) }, 'responder');
      const who = await api.get(WhoAmI, 'whoami');
      await write(io, json ? `${JSON.stringify(who)}\n` : shown(who));
    });
}

function shown({ principal, actors, roles, expires, policy, databases }: WhoAmI): string {
  const facts: readonly (readonly [string, string])[] = [
    ['principal', `${principal.subject} of ${principal.issuer}`],
    ['kind', principal.kind],
    ['groups', principal.groups.join(', ') || 'none'],
    ...actors.map(({ issuer, subject }, i) => [i === 0 ? 'actor' : 'acting for', `${subject} of ${issuer}`] as const),
    ['platform roles', roles.join(', ') || 'none'],
    ['expires', expires === null ? 'never' : new Date(expires).toISOString()],
  ];
  const lines = facts.map(([name, value]) => `${`${name}:`.padEnd(16)}${printable(value)}\n`).join('');
  if (policy === null) return `${lines}\nNo policy was activated yet: it is not known which databases this may reach.\n`;
  if (databases.length === 0) return `${lines}\nNo role of the active policy fits: there is no database that this may reach.\n`;
  const rows = databases.map((one) => [one.target, one.database, one.role, one.login].map(printable));
  return `${lines}\n${table(['TARGET', 'DATABASE', 'ROLE', 'LOGIN'], rows)}\n`;
}

function tokenIn(io: Io, file: string): string {
  try {
    return readFileSync(path.resolve(io.cwd, file), 'utf8').trim();
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure('notFound', { what: `${file} cannot be read`, why, todo: 'Name a file that holds a token.' }, { cause });
  }
}
