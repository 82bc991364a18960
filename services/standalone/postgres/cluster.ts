import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresPlace } from './place.js';

/** The superuser of the demo's cluster. */
export const superuser = 'postgres';

export const isInitialised = ({ data }: PostgresPlace): boolean => existsSync(join(data, 'PG_VERSION'));

/** Makes the cluster: UTF-8, the same collation on every machine, SCRAM for everyone. It is there whole, or not at all. */
export async function initialise(place: PostgresPlace, password: string, signal: AbortSignal): Promise<void> {
  const unfinished = `${place.data}.new`;
  const passwordFile = `${place.data}.password`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { mode: 0o700 });
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (place.user) for (const path of [unfinished, passwordFile]) chownSync(path, place.user.uid, place.user.gid);
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${superuser}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--no-sync',
  ];
  try {
    await run(place, 'initdb', args, signal);
  } finally {
    rmSync(passwordFile, { force: true });
  }
  renameSync(unfinished, place.data);
}

/** The folder of the server's own log. */
export const nativeLogOf = ({ data }: PostgresPlace): string => join(data, 'log');

export interface RunningCluster {
  readonly pid: number;
  /** Settles when the server ends, asked to or not. */
  readonly ended: Promise<string>;
  /** Ends sessions and shuts down; what does not obey is killed. */
  readonly stop: () => Promise<void>;
}

/** Starts the server. Resolves when it takes connections. */
export async function startCluster(place: PostgresPlace, port: number): Promise<RunningCluster> {
  await stopLeftover(place);
  const server = spawn(join(place.native, 'bin', 'postgres'), [`-D${place.data}`, ...settings(port)], {
    ...identityOf(place),
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const ended = endOf(server);
  await Promise.race([
    untilReady(place, server),
    ended.then((how) => {
      throw new Error(`Postgres did not start: ${how}`);
    }),
  ]);
  return { pid: server.pid ?? 0, ended, stop: () => stopServer(server) };
}

const settings = (port: number): string[] =>
  Object.entries({
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    // Who came and left, for the reconciler. Of statements its log holds those of the superuser alone (see openShop), and of no error
    // what may quote a row: what was said through the proxy is Sallyport's to keep.
    logging_collector: 'on',
    log_destination: 'jsonlog',
    log_timezone: 'UTC',
    log_connections: 'on',
    log_disconnections: 'on',
    log_error_verbosity: 'terse',
    log_statement: 'none',
    log_min_error_statement: 'panic',
    log_parameter_max_length: 0,
  }).map(([name, value]) => `--${name}=${value}`);

/** The last line of postmaster.pid says how far the server is; pg_ctl waits in the same way. */
async function untilReady({ data }: PostgresPlace, server: ChildProcess): Promise<void> {
  while (server.exitCode === null && server.signalCode === null) {
    const [pid, , , , , , , state] = readLines(join(data, 'postmaster.pid'));
    if (Number(pid) === server.pid && state?.trim() === 'ready') return;
    await delay(20);
  }
}

/** A server whose keeper was killed still runs, and still holds the data. */
async function stopLeftover(place: PostgresPlace): Promise<void> {
  if (!existsSync(join(place.data, 'postmaster.pid'))) return;
  await run(place, 'pg_ctl', ['stop', `--pgdata=${place.data}`, '--mode=fast', '--timeout=5']).catch(() => undefined); // none ran: the file is stale
}

/** SIGINT: fast shutdown; SIGQUIT: immediate, recovery at the next start. */
async function stopServer(server: ChildProcess): Promise<void> {
  const ended = endOf(server);
  for (const [signal, waitMs] of [
    ['SIGINT', 1_200],
    ['SIGQUIT', 250],
    ['SIGKILL', 200],
  ] as const) {
    server.kill(signal);
    if (await Promise.race([ended.then(() => true), delay(waitMs, false, { ref: false })])) return;
  }
}

const endOf = (server: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) resolve('it has ended');
    server.once('error', ({ message }) => {
      resolve(message);
    });
    server.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${code ?? 'unknown'}`);
    });
  });

async function run(place: PostgresPlace, program: string, args: readonly string[], signal?: AbortSignal): Promise<void> {
  try {
    await promisify(execFile)(join(place.native, 'bin', program), args, { ...identityOf(place), ...(signal && { signal }) });
  } catch (error) {
    const { stderr = '' } = error as { stderr?: string };
    throw new Error(`${program} failed: ${stderr.trim() || (error as Error).message}`, { cause: error });
  }
}

/** Programs start in a folder that their user can enter. */
const identityOf = ({ data, user }: PostgresPlace): { cwd: string; uid?: number; gid?: number } => ({
  cwd: user ? '/' : dirname(data),
  ...(user && { uid: user.uid, gid: user.gid }),
});

function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n');
  } catch {
    return []; // not written yet
  }
}
