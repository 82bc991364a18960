import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { binaries, canBeEntered, serverAccount, type Account, type Binaries } from './binaries.js';

export interface PostgresOptions {
  /** Arguments of `postgres`: `['-c', 'log_statement=all']`. */
  readonly flags?: readonly string[];
  /** Lines of pg_hba.conf, after the one that lets the superuser in by SCRAM from 127.0.0.1. Absent: the same for everyone. */
  readonly hba?: string;
  /** Files by name, written to the data directory as the server wants its keys: its own, 0600. */
  readonly files?: Readonly<Record<string, string>>;
  /** Run as superuser in the database `postgres` before this returns. */
  readonly initSql?: string;
}

export interface Postgres {
  /** On 127.0.0.1. */
  readonly port: number;
  readonly superuserUrl: string;
  readonly dataDir: string;
  /** Shuts down at once and removes the data directory. May be called twice. */
  stop(): Promise<void>;
}

const superuser = { name: 'postgres', password: 'superuser-of-a-test' };

/**
 * Starts a fresh Postgres on a free port of 127.0.0.1, made for tests: no fsync, few connections. It ends with this process, even
 * when that is killed: a shell that holds a pipe from us stops the server when the pipe closes.
 */
export async function startPostgres(options: PostgresOptions = {}): Promise<Postgres> {
  const account = serverAccount();
  const directory = await ownDirectory(account);
  const dataDir = join(directory, 'data');
  try {
    const installed = await binaries(account, directory);
    await initialise(installed, account, directory, options);
    const { port, server } = await startOnFreePort(installed, account, directory, options.flags ?? []);
    const superuserUrl = `postgres://${superuser.name}:${superuser.password}@127.0.0.1:${port}/postgres`;
    const stop = async (): Promise<void> => {
      await stopServer(server);
      await rm(directory, { recursive: true, force: true });
    };
    try {
      if (options.initSql !== undefined) await run(superuserUrl, options.initSql);
    } catch (cause) {
      await stop();
      throw cause;
    }
    return { port, superuserUrl, dataDir, stop };
  } catch (cause) {
    await rm(directory, { recursive: true, force: true });
    throw cause;
  }
}

async function ownDirectory(account: Account | undefined): Promise<string> {
  const parent = !account || (await canBeEntered(tmpdir())) ? tmpdir() : '/tmp';
  const directory = await mkdtemp(join(parent, 'sallyport-postgres-'));
  if (account) await give(directory, account, 0o755);
  return directory;
}

async function give(path: string, account: Account | undefined, mode: number): Promise<void> {
  await chmod(path, mode);
  if (account) await chown(path, account.uid, account.gid);
}

async function initialise(
  { initdb }: Binaries,
  account: Account | undefined,
  directory: string,
  { hba, files }: PostgresOptions,
): Promise<void> {
  const passwordFile = join(directory, 'password');
  await writeFile(passwordFile, superuser.password);
  await give(passwordFile, account, 0o600);
  const dataDir = join(directory, 'data');
  const made = ['--encoding=UTF8', '--locale=C', '--no-sync', '--no-instructions', '--auth=scram-sha-256'];
  await promisify(execFile)(
    initdb,
    [`--pgdata=${dataDir}`, `--username=${superuser.name}`, `--pwfile=${passwordFile}`, ...made],
    { ...account, cwd: directory, env: { LC_ALL: 'C' } },
  );
  await rm(passwordFile);
  const everyone = 'host all all 127.0.0.1/32 scram-sha-256';
  const rules = `host all ${superuser.name} 127.0.0.1/32 scram-sha-256\n${hba ?? everyone}\n`;
  for (const [name, text] of Object.entries({ ...files, 'pg_hba.conf': rules })) {
    await writeFile(join(dataDir, name), text);
    await give(join(dataDir, name), account, 0o600);
  }
}

interface Running {
  readonly port: number;
  readonly server: ChildProcess;
}

async function startOnFreePort(
  { postgres }: Binaries,
  account: Account | undefined,
  directory: string,
  flags: readonly string[],
): Promise<Running> {
  // Another process may take the port between our finding it free and the server's binding it.
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const settings = ['fsync=off', 'shared_buffers=16MB', 'max_connections=20', 'unix_socket_directories='];
    const own = ['-D', join(directory, 'data'), '-h', '127.0.0.1', '-p', String(port), ...settings.flatMap((s) => ['-c', s])];
    try {
      return { port, server: await startServer([postgres, ...own, ...flags], account, directory) };
    } catch (cause) {
      if (attempt === 5 || !String(cause).includes('Address already in use')) throw cause;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Runs the command until our end of its standard input closes, then interrupts it, which Postgres takes as "stop now". */
const untilInputCloses = `
exec 3<&0
"$@" </dev/null 3<&- &
server=$!
{ cat <&3 >/dev/null; kill -INT $server; } &
wait $server`;

function startServer(command: readonly string[], account: Account | undefined, cwd: string): Promise<ChildProcess> {
  const server = spawn('sh', ['-c', untilInputCloses, 'sh', ...command], {
    ...account,
    cwd,
    env: { LC_ALL: 'C', PATH: process.env.PATH },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: true, // Ctrl-C is ours to answer
  });
  return new Promise((resolve, reject) => {
    let log = '';
    server.stderr.setEncoding('utf8').on('data', (text: string) => {
      if (log.length < 64 * 1024) log += text;
    });
    // As pg_ctl waits: what the server says goes elsewhere once its logging collector runs.
    const look = setInterval(() => {
      if (!isReady(join(cwd, 'data'))) return;
      clearInterval(look);
      resolve(server);
    }, 20);
    server.on('error', reject).on('exit', () => {
      clearInterval(look);
      server.stdin.end();
      reject(new Error(`Postgres did not start: ${log}`));
    });
  });
}

/** The last line of postmaster.pid says how far the server is. */
function isReady(dataDir: string): boolean {
  try {
    return /^ready *$/m.test(readFileSync(join(dataDir, 'postmaster.pid'), 'utf8'));
  } catch {
    return false; // not written yet
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const exited = new Promise((resolve) => server.once('exit', resolve));
  server.stdin?.end();
  await exited;
}

async function run(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
