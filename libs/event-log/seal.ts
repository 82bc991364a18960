import {
  commitment,
  encodePartRecord,
  type Event,
  eventBytes,
  partChunkBytes,
  serialize,
  topicOf,
  topics,
  versionOf,
} from '#events';
import type { Draft, DraftPart } from './draft.js';
import type { LogRecord } from './port.js';

/** A draft that is complete but for its numbers: its size and that it has canonical bytes are known. */
export interface Sealed {
  readonly draft: Draft;
  readonly key: string;
  /** Its canonical text with both numbers 0, in the two pieces around them. */
  readonly before: string;
  readonly after: string;
  readonly salts: readonly Buffer[];
  /** What it takes in memory, about. */
  readonly bytes: number;
}

/** An event that no log takes. A defect of whoever made it: what is long belongs into a part. */
export class EventTooBig extends Error {
  override readonly name = 'EventTooBig';
  constructor(
    readonly type: string,
    readonly bytes: number,
  ) {
    super(`${type} takes ${bytes} bytes, an event has at most ${eventBytes}`);
  }
}

const saltBytes = 32;
const mostDigits = 32; // of two safe integers
const numbers = '"pseq":0,"seq":0,';

/** @throws EventTooBig, NotCanonical */
export function seal(draft: Draft, producer: string, at: number, random: (bytes: number) => Buffer): Sealed {
  const key = draft.session ?? producer;
  const parts = draft.parts?.map((part) => ({ part, salt: random(saltBytes) })) ?? [];
  // Which data belongs to which type is lost to the compiler here; a draft pairs them.
  const event = {
    at,
    data: draft.data,
    parts: parts.length > 0 ? parts.map(({ part, salt }) => described(part, salt)) : undefined,
    producer,
    pseq: 0,
    seq: 0,
    session: key,
    type: draft.type,
    v: versionOf(draft.type),
    wire: draft.wire,
  } as Event;
  const text = serialize(event);
  const size = Buffer.byteLength(text) + mostDigits;
  if (size > eventBytes) throw new EventTooBig(draft.type, size);
  // The last place is the envelope's own: no string can hold a bare quote, and of what follows nothing has such keys.
  const mark = text.lastIndexOf(numbers);
  return {
    draft,
    key,
    before: text.slice(0, mark),
    after: text.slice(mark + numbers.length),
    salts: parts.map(({ salt }) => salt),
    bytes: size + sum(draft.parts?.map(lengthOf) ?? []),
  };
}

/** The records of an event: its parts, then itself. */
export function stamp({ draft, key, before, after, salts }: Sealed, producer: string, pseq: number, seq: number): LogRecord[] {
  const records: LogRecord[] = [];
  draft.parts?.forEach((part, i) => {
    addPartRecords(records, part, salts[i] as Buffer, { producer, pseq }, key);
  });
  const value = Buffer.from(`${before}"pseq":${pseq},"seq":${seq},${after}`);
  records.push({ topic: topicOf(draft.type), key, value });
  return records;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const lengthOf = ({ bytes }: DraftPart): number => sum(bytes.map(({ length }) => length));

const described = (part: DraftPart, salt: Buffer) => ({
  alg: 'sha256-salted',
  commit: commitment(salt, part.bytes).toString('base64'),
  len: lengthOf(part),
  name: part.name,
  withheld: part.withheld,
});

function addPartRecords(
  records: LogRecord[],
  part: DraftPart,
  salt: Buffer,
  { producer, pseq }: { producer: string; pseq: number },
  key: string,
): void {
  const add = (i: number, n: number, chunk: Buffer): void => {
    const value = encodePartRecord({ i, n, name: part.name, producer, pseq }, salt, chunk);
    records.push({ topic: topics.parts, key, value });
  };
  if (part.withheld) {
    add(0, 0, nothing);
    return;
  }
  const [first] = part.bytes;
  const whole = first && part.bytes.length === 1 ? first : Buffer.concat(part.bytes);
  const n = Math.max(1, Math.ceil(whole.length / partChunkBytes));
  if (n === 1) add(0, 1, whole);
  else for (let i = 0; i < n; i++) add(i, n, whole.subarray(i * partChunkBytes, (i + 1) * partChunkBytes));
}

const nothing = Buffer.alloc(0);
