import { decodePartRecord, type Event, parseEvent, type PartRecord, topics } from '#events';
import { SegmentReader } from '#event-log';

/** What was written, in the order of the log. */
export interface WrittenRecord {
  readonly events: readonly Event[];
  readonly parts: readonly PartRecord[];
}

/** Everything on record in a data directory, or in one outbox of it. */
export async function readRecord(dataDir: string, outbox?: string): Promise<WrittenRecord> {
  const reader = new SegmentReader({ dataDir, ...(outbox !== undefined && { only: outbox }) });
  const events: Event[] = [];
  const parts: PartRecord[] = [];
  await reader.consume({
    name: 'test',
    topics: [topics.events, topics.parts, topics.control],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { topic, value } of batch) {
        if (topic === topics.parts) parts.push(copyOf(decodePartRecord(value)));
        else events.push(parseEvent(value));
      }
      return Promise.resolve();
    },
  });
  await reader.close();
  return { events, parts };
}

const copyOf = ({ header, salt, bytes }: PartRecord): PartRecord => ({
  header,
  salt: Buffer.from(salt),
  bytes: Buffer.from(bytes),
});
