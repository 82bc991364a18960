import type { SystemCall } from './trace.js';

/** A text that a statement of the test carries, its parameters included, and that nothing else does. */
export interface Mark {
  readonly text: string;
  /** The event that must be on disk with it. */
  readonly event: 'statement.decided' | 'statement.prepared';
}

export interface Breach {
  readonly mark: string;
  readonly why: 'never recorded' | 'never sent' | 'sent before it was durable';
}

const writing = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'sendto', 'sendmsg']);
const syncing = new Set(['fsync', 'fdatasync']);

/**
 * Whether no statement went to the server before its record was durable: before the return of the O_DSYNC write that holds it, or
 * of an fsync or fdatasync that began after the write had returned. Its record is the part that holds its text, and the event after it.
 * @param serverPort the server's, to which the statements go in plaintext
 */
export function breaches(calls: readonly SystemCall[], serverPort: number, marks: readonly Mark[]): Breach[] {
  const writes = calls.filter(({ name }) => writing.has(name));
  const sends = writes.filter(({ about }) => about?.endsWith(`:${serverPort}]`));
  const records = writes
    .filter(({ about }) => about?.endsWith('.seg'))
    .map((write) => ({ args: write.args, durable: durableAt(write, calls) }));
  return marks.flatMap(({ text, event }) => {
    const sent = sends.find(({ args }) => args.includes(text));
    if (!sent) return { mark: text, why: 'never sent' as const };
    const part = records.findIndex(({ args }) => args.includes(text));
    if (part === -1) return { mark: text, why: 'never recorded' as const };
    const name = String.raw`\"type\":\"${event}\"`;
    const told = records.findIndex(({ args }, i) => i >= part && args.includes(name, i === part ? args.indexOf(text) : 0));
    if (told === -1) return { mark: text, why: 'never recorded' as const };
    const durable = Math.max(records[part]?.durable ?? Infinity, records[told]?.durable ?? Infinity);
    return durable < sent.began ? [] : { mark: text, why: 'sent before it was durable' as const };
  });
}

/** The line in which the system said that these bytes are on disk. */
function durableAt(write: SystemCall, calls: readonly SystemCall[]): number {
  const { ended, about } = write;
  if (ended === undefined || !isWhole(write)) return Infinity;
  if (isWriteThrough(write, calls)) return ended;
  const sync = calls.find((call) => syncing.has(call.name) && call.about === about && call.began > ended && call.result === 0);
  return sync?.ended ?? Infinity;
}

/** All of the bytes were taken. Of a short write, nobody can say from here which were. */
function isWhole({ name, args, result }: SystemCall): boolean {
  const numbers = args.split(', ');
  return String(result) === (name.startsWith('pwrite') ? numbers.at(-2) : numbers.at(-1));
}

/** The descriptor was opened, last before this, so that a write returns when it is on disk. */
function isWriteThrough({ descriptor, began }: SystemCall, calls: readonly SystemCall[]): boolean {
  const opened = calls.findLast(
    (call) => call.name === 'openat' && call.result === descriptor && (call.ended ?? Infinity) < began,
  );
  return /\bO_D?SYNC\b/.test(opened?.args ?? '');
}
