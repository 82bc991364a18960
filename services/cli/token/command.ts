import { Command, InvalidArgumentError, Option } from 'commander';
import { ServiceTokens, type StoredToken } from '#identity';
import { loadConfig } from '#runtime';
import { Failure } from '../failure.js';
import { configFile } from '../place.js';
import { type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { table } from '../terminal/table.js';
import { ttlMs } from './ttl.js';

interface Options {
  readonly config?: string;
  readonly json?: true;
}

interface CreateOptions extends Options {
  readonly name: string;
  readonly groups: readonly string[];
  readonly ttl: number;
  readonly kind: 'agent' | 'service';
}

const configOption = ['--config <file>', 'the configuration file (default: sallyport.yml here or in a folder above)'] as const;

export function tokenCommand(io: Io): Command {
  const token = new Command('token').description('Service tokens, for where there is no issuer of access tokens.');
  token
    .command('create')
    .description('Make a token and print it, this once: only a hash of it is kept.')
    .requiredOption('--name <name>', 'the name of whoever uses it: the user to connect as')
    .requiredOption('--groups <names>', 'its groups, with commas: the policy says what they may do', groupsOf)
    .addOption(
      new Option('--ttl <duration>', 'how long it is good for: 90m, 12h, 30d').argParser(ttlOf).default(ttlMs('30d'), '30d'),
    )
    .addOption(new Option('--kind <kind>', 'what uses it').choices(['agent', 'service']).default('agent'))
    .option(...configOption)
    .option('--json', 'one JSON object: id, token, name, groups, kind, expires')
    .addHelpText(
      'after',
      `
The token alone goes to standard output. Use it as the password, within TLS.

Examples:
  $ sallyport token create --name billing-bot --groups agents,billing --ttl 12h
  $ PGPASSWORD=$(sallyport token create --name me --groups agents) psql 'host=127.0.0.1 port=6432 dbname=shop user=me sslmode=require'`,
    )
    .action((options: CreateOptions) => create(io, options));
  token
    .command('list')
    .description('List the tokens, never the secrets.')
    .option(...configOption)
    .option('--json', 'one JSON object a line')
    .addHelpText(
      'after',
      '\nExamples:\n  $ sallyport token list\n  $ sallyport token list --json | jq -r "select(.state == \\"good\\") | .id"',
    )
    .action((options: Options) => list(io, options));
  token
    .command('revoke')
    .description('Revoke a token. Sessions that are open go on; no new one begins with it.')
    .argument('<id>', 'its id, as `token list` shows it')
    .option(...configOption)
    .addHelpText('after', '\nExamples:\n  $ sallyport token revoke 5f0c3a9e1b2d4c68')
    .action((id: string, options: Options) => revoke(io, id, options));
  return token;
}

async function create(io: Io, { name, groups, ttl, kind, json, ...options }: CreateOptions): Promise<void> {
  const tokens = await tokensOf(io, options);
  const now = Date.now();
  const { id, token } = await tokens.create({ name, groups, ttlMs: ttl, kind }, now);
  const expires = new Date(now + ttl).toISOString();
  if (json) await write(io, `${JSON.stringify({ id, token, name, groups, kind, expires })}\n`);
  else {
    io.stderr.write(
      `${id}: ${kind} ${printable(name)} in ${printable(groups.join(', '))}, until ${expires}. It is shown this once.\n`,
    );
    await write(io, `${token}\n`);
  }
}

async function list(io: Io, { json, ...options }: Options): Promise<void> {
  const now = Date.now();
  const listed = (await (await tokensOf(io, options)).list()).map((token) => shown(token, now));
  if (json) for (const token of listed) await write(io, `${JSON.stringify(token)}\n`);
  else if (listed.length === 0) await write(io, 'There are no tokens yet.\n');
  else
    await write(
      io,
      `${table(
        ['ID', 'NAME', 'KIND', 'GROUPS', 'CREATED', 'EXPIRES', 'STATE'],
        listed.map(({ id, name, kind, groups, created, expires, state }) => [
          ...[id, printable(name), kind, printable(groups.join(', ')), created, expires, state],
        ]),
      )}\n`,
    );
}

async function revoke(io: Io, id: string, options: Options): Promise<void> {
  if (await (await tokensOf(io, options)).revoke(id, Date.now())) {
    await write(io, `${id} is revoked.\n`);
    return;
  }
  const why = 'no token that is not revoked yet has this id';
  throw new Failure('notFound', { what: `${printable(id)} was not revoked`, why, todo: 'See `sallyport token list`.' });
}

/** @throws Failure where the configuration keeps no service tokens */
async function tokensOf(io: Io, { config }: Options): Promise<ServiceTokens> {
  const file = await configFile(io, config);
  const { tokens } = loadConfig(file, 'cli', io.env);
  if (tokens) return new ServiceTokens(tokens.file);
  throw new Failure('usage', {
    what: 'There are no service tokens here',
    why: `${file} has no section \`tokens\``,
    todo: 'Add `tokens: { file: .sallyport/secrets/tokens.json }` to it and start Sallyport again; or get a token from its issuer.',
  });
}

const shown = ({ id, name, kind, groups, created, expires, revoked }: StoredToken, now: number) => ({
  ...{ id, name, kind, groups },
  created: new Date(created).toISOString(),
  expires: new Date(expires).toISOString(),
  state: revoked !== undefined ? 'revoked' : now >= expires ? 'expired' : 'good',
});

function groupsOf(text: string): string[] {
  const groups = text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  if (groups.length === 0) throw new InvalidArgumentError('Name at least one group.');
  return groups;
}

function ttlOf(text: string): number {
  const ms = ttlMs(text);
  if (ms === undefined) throw new InvalidArgumentError('It is not a duration such as 90m, 12h or 30d, of at most ten years.');
  return ms;
}
