import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { Failure } from '../failure.js';
import { type Io, write } from '../terminal/io.js';
import type { Answers } from './answers.js';
import { AskingNobody, AskingSomebody } from './asking.js';
import { checkUnused, type Places, placesOf, writeFiles } from './files.js';
import { type Given, interview } from './interview.js';
import { Terminal } from './terminal.js';

interface Options extends Omit<Given, 'loginPassword' | 'catalogPassword'> {
  readonly out: string;
  readonly yes?: true;
  readonly json?: true;
  readonly loginPasswordFile?: string;
  readonly catalogPasswordFile?: string;
}

export function initCommand(io: Io): Command {
  return new Command('init')
    .description('Ask what Sallyport has to know of your Postgres, check each answer, and write the configuration.')
    .option('--out <file>', 'the configuration file; policy.yml and .sallyport/secrets come beside it', 'sallyport.yml')
    .option('--yes', 'ask nothing: the options are the answers (so it is, too, where there is no terminal)')
    .option('--json', 'what was written, as one JSON object')
    .option('--host <host>', 'where Postgres listens (127.0.0.1)')
    .option('--port <n>', 'its port (5432)')
    .option('--database <names>', 'the databases that may be reached, with commas')
    .option(
      '--target-tls <mode>',
      'disable, prefer, require, verify-ca, verify-full (prefer on this machine, verify-full elsewhere)',
    )
    .option('--target-ca <file>', "the authority of its certificate (the system's)")
    .option('--untested', 'accept a version other than 15 to 18')
    .option('--login <role>', 'the role that sessions run as')
    .option('--login-password-file <file>', 'its password; or in SALLYPORT_LOGIN_PASSWORD')
    .option('--catalog-login <role>', 'the role that reads the catalog; it needs no right but CONNECT (the same)')
    .option('--catalog-password-file <file>', 'its password; or in SALLYPORT_CATALOG_PASSWORD')
    .option('--issuer <url>', 'the issuer of access tokens; none for service tokens, made here (none)')
    .option('--audience <name>', 'what its tokens name as their audience (sallyport)')
    .option('--groups <names>', 'the groups that may work on it, with commas (agents)')
    .option('--approvers <names>', 'the groups that approve what is held (approvers)')
    .option('--listen <address>', 'the address that Sallyport listens on (127.0.0.1)')
    .option('--proxy-port <n>', 'the port of the proxy (6432, or the next that is free)')
    .option('--api-port <n>', 'the port of the api (8080, or the next that is free)')
    .option('--clickhouse-port <n>', 'the port of the embedded ClickHouse (8123, or the next that is free)')
    .option('--cert <file>', 'the TLS certificate of the proxy (one is made)')
    .option('--key <file>', 'its key')
    .option('--hostname <names>', 'the names that the made certificate is good for, beside localhost')
    .addHelpText(
      'after',
      `
No password is taken from the command line: it would be in the listing of processes.

Examples:
  $ sallyport init
  $ sallyport init --out shop/sallyport.yml --host db.example.com --database shop --login app
  $ SALLYPORT_LOGIN_PASSWORD=… sallyport init --yes --database shop --login app --json`,
    )
    .action(async (options: Options) => {
      await init(io, options);
    });
}

async function init(io: Io, options: Options): Promise<void> {
  const places = placesOf(path.resolve(io.cwd, options.out));
  checkUnused(places);
  const interactive = io.stdin.isTTY === true && options.yes === undefined;
  const asking = interactive ? new AskingSomebody(io, new Terminal(io)) : new AskingNobody(io);
  const answers = await interview(asking, given(io, options)).finally(() => {
    if (asking instanceof AskingSomebody) asking.close();
  });
  if (asking instanceof AskingNobody) asking.end();
  const { ca } = await writeFiles(places, answers);
  await write(io, options.json ? `${JSON.stringify(summary(places, answers, ca))}\n` : next(io, places, answers, ca));
}

function given(io: Io, { loginPasswordFile, catalogPasswordFile, ...options }: Options): Given {
  const loginPassword = passwordOf(io, loginPasswordFile, 'SALLYPORT_LOGIN_PASSWORD');
  const catalogPassword = passwordOf(io, catalogPasswordFile, 'SALLYPORT_CATALOG_PASSWORD');
  const files = Object.fromEntries(
    (['targetCa', 'cert', 'key'] as const).flatMap((name) => {
      const file = options[name];
      return file === undefined || file === 'none' ? [] : [[name, path.resolve(io.cwd, file)]];
    }),
  );
  return {
    ...options,
    ...files,
    ...(loginPassword !== undefined && { loginPassword }),
    ...(catalogPassword !== undefined && { catalogPassword }),
  };
}

function passwordOf(io: Io, file: string | undefined, variable: string): string | undefined {
  if (file === undefined) return io.env[variable];
  try {
    return readFileSync(path.resolve(io.cwd, file), 'utf8').replace(/\r?\n$/, '');
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure(
      'failed',
      { what: `${file} cannot be read`, why, todo: `Name a file with the password, or set ${variable}.` },
      { cause },
    );
  }
}

const summary = ({ config, policy, secrets }: Places, { listening, tokens }: Answers, ca: string | undefined): object => ({
  config,
  policy,
  secrets,
  ca: ca ?? null,
  tokens: tokens.kind,
  ...listening,
});

/** The lines to paste. */
function next(io: Io, { config, policy, secrets }: Places, answers: Answers, ca: string | undefined): string {
  const { tokens, groups, server, listening } = answers;
  const near = (file: string): string => {
    const written = path.relative(io.cwd, file);
    return written.startsWith('..') ? file : written;
  };
  const create = `  sallyport token create --name my-agent --groups ${groups[0] ?? ''}\n`;
  const host = listening.host === '0.0.0.0' || listening.host === '::' ? '127.0.0.1' : listening.host;
  const trust = ca === undefined ? 'sslmode=verify-full' : `sslmode=verify-full sslrootcert=${ca}`;
  return `
Written: ${near(config)}, ${near(policy)}, and secrets in ${near(secrets)}.

Next:
  export SALLYPORT_CONFIG=${config}
  sallyport up
${tokens.kind === 'sallyport' ? create : ''}  PGPASSWORD=<the token> psql 'host=${host} port=${listening.proxy} dbname=${server.databases[0] ?? ''} user=${tokens.kind === 'sallyport' ? 'my-agent' : '<its subject>'} ${trust}'
`;
}
