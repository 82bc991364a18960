import { PassThrough, Writable } from 'node:stream';
import { MemoryLog } from '#event-log';
import { run } from '../run.js';
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
  const out = sink();
  const err = sink();
  const io = { stdin: new PassThrough(), stdout: out.stream, stderr: err.stream, env: { SALLYPORT_DATA: '/data' }, cwd: '/' };
  const code = await run(args, io, () => Promise.resolve(log.reader()));
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
