import type { LogReader, StoredRecord } from '#event-log';
import { decodePartRecord, type PartName, type PartRecord, type Topic, topics } from '#events';

/** A record of the log, and the parts that were written before it. */
export interface LogEntry {
  readonly record: StoredRecord;
  /** Kept bytes by name. A part that was withheld has none. */
  readonly parts: ReadonlyMap<PartName, Uint8Array>;
}

export interface Reading {
  readonly topics: readonly Topic[];
  /** The first offset of each of these topics, in every partition. */
  readonly since: number;
  /** Which keys (sessions, producers) are read; all where absent. */
  readonly wants?: (key: string) => boolean;
}

/** Reads what is durable now, in the order of the log: each entry with its parts. */
export async function readLog(log: LogReader, reading: Reading, each: (entry: LogEntry) => Promise<void>): Promise<void> {
  const waiting = new Map<string, Map<PartName, PartRecord[]>>();
  const { wants = () => true, since } = reading;
  await log.consume({
    name: 'cli',
    topics: [...reading.topics, topics.parts],
    from: (topic) => (topic === topics.parts ? 0 : since),
    until: 'end',
    signal: new AbortController().signal,
    each: async (batch) => {
      for (const record of batch) {
        if (!wants(record.key)) continue;
        if (record.topic === topics.parts) keep(waiting, record);
        else await each({ record, parts: take(waiting, record) });
      }
    },
  });
}

function keep(waiting: Map<string, Map<PartName, PartRecord[]>>, record: StoredRecord): void {
  const part = decodePartRecord(record.value);
  const { producer, pseq, name } = part.header;
  const id = `${producer}/${pseq}`;
  const parts = waiting.get(id) ?? new Map<PartName, PartRecord[]>();
  waiting.set(id, parts.set(name, [...(parts.get(name) ?? []), part]));
}

/** The parts of an event, which its log holds before it. */
function take(waiting: Map<string, Map<PartName, PartRecord[]>>, record: StoredRecord): Map<PartName, Uint8Array> {
  const whole = new Map<PartName, Uint8Array>();
  const id = idOf(record.value);
  if (id === undefined) return whole;
  for (const [name, chunks] of waiting.get(id) ?? []) {
    const [first] = chunks;
    if (first && first.header.n > 0) whole.set(name, Buffer.concat(chunks.map(({ bytes }) => bytes)));
  }
  waiting.delete(id);
  return whole;
}

/** `producer/pseq` of an event, of whatever version: parts must find it even where its schema is not known here. */
function idOf(value: Buffer): string | undefined {
  try {
    const { producer, pseq } = JSON.parse(value.toString('utf8')) as { producer?: unknown; pseq?: unknown };
    return typeof producer === 'string' && typeof pseq === 'number' ? `${producer}/${pseq}` : undefined;
  } catch {
    return undefined; // no JSON: it is shown as it is, and has no parts
  }
}
