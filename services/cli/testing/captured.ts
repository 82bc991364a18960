import { PassThrough, Writable } from 'node:stream';
import { MemoryLog } from '#event-log';
import { run } from '../run.js';
import type { Io } from '../terminal/io.js';
import type { SpawnedApi } from './spawned-api.js';
import { writeSessions } from './written-log.js';

export interface Captured {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command over a log in memory that holds two sessions. */
export async function captured(...args: readonly string[]): Promise<Captured> {
  const log = new MemoryLog();
  await writeSessions(log);
  return capture(args, { env: { SALLYPORT_DATA: '/data' }, cwd: '/' }, () => Promise.resolve(log.reader()));
}

/** Runs a command that asks the api of a running demo. */
export const asking = (api: SpawnedApi, ...args: readonly string[]): Promise<Captured> =>
  capture(args, { env: {}, cwd: api.clone }, () => Promise.reject(new Error('it opened the log')));

export async function capture(
  args: readonly string[],
  at: Pick<Io, 'env' | 'cwd'> & Partial<Pick<Io, 'stdin'>>,
  open: Parameters<typeof run>[2],
): Promise<Captured> {
  const out = sink();
  const err = sink();
  const code = await run(args, { stdin: new PassThrough(), stdout: out.stream, stderr: err.stream, ...at }, open);
  return { code, out: out.text(), err: err.text() };
}

function sink(): { stream: Writable; text: () => string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(chunk);
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}
