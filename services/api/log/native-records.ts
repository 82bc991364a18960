import type { LogReader, StoredRecord } from '#event-log';
import { decodePartRecord, type Event, type EventOf, eventId, parseEvent, topics } from '#events';
import type { IndexedBackend, NativeIndex, Span } from './native-index.js';
import type { Positions } from './positions.js';

/** A record of the server's own log, and its text where that was kept. */
export interface NativeRecord {
  readonly event: EventOf<'native.observed'>;
  readonly text: Buffer | undefined;
}

export interface RecordsOfSession {
  /** In the order of the log. */
  readonly records: readonly NativeRecord[];
  /** How many more there are. */
  readonly leftOut: number;
}

const most = 2_000;

/** What Postgres itself logged of sessions, read from the event log. */
export class NativeRecords {
  constructor(
    private readonly reader: LogReader,
    private readonly index: NativeIndex,
    private readonly positions: Positions,
  ) {}

  /** Empty for a session that nothing is known of, by now or any more. */
  async of(session: string): Promise<RecordsOfSession> {
    const backend = this.index.backendOf(session);
    if (!backend) return { records: [], leftOut: 0 };
    const events = await this.events(backend);
    const kept = events.slice(0, most);
    const texts = await this.texts(backend.spans, kept);
    return { records: kept.map((event) => ({ event, text: texts.get(eventId(event)) })), leftOut: events.length - kept.length };
  }

  private async events({ spans, ...backend }: IndexedBackend): Promise<NativeRecord['event'][]> {
    const found: NativeRecord['event'][] = [];
    const mark = `"pid":${backend.pid},`;
    await this.read(topics.events, spans, ({ value }) => {
      // A server logs much beside: what cannot be of this backend is not looked at any closer.
      if (!value.includes(mark)) return undefined;
      const event = parseEvent(value);
      if (isOf(backend, event)) found.push(event);
      return undefined;
    });
    return found.sort((a, b) => (a.data.line ?? 0) - (b.data.line ?? 0));
  }

  private async texts(spans: readonly Span[], events: readonly NativeRecord['event'][]): Promise<ReadonlyMap<string, Buffer>> {
    const texts = new Map<string, Buffer>();
    const missing = new Set(events.filter(({ parts = [] }) => parts.some(({ withheld }) => !withheld)).map(eventId));
    await this.read(topics.parts, spans, ({ value }) => {
      const { header, bytes } = decodePartRecord(value);
      const id = eventId(header);
      if (!missing.has(id)) return undefined;
      texts.set(id, Buffer.concat([texts.get(id) ?? Buffer.alloc(0), bytes]));
      if (header.i + 1 === header.n) missing.delete(id);
      return missing.size === 0 ? 'done' : undefined;
    });
    return texts;
  }

  private async read(
    topic: typeof topics.events | typeof topics.parts,
    spans: readonly Span[],
    each: (record: StoredRecord) => 'done' | undefined,
  ): Promise<void> {
    const of = new Map(spans.map((span) => [span.partition, span]));
    // Before the log's end is looked up: what is read from then on lies beyond it, and would be a gap to this reading.
    const known = this.positions.snapshot();
    const left = new Set(of.keys());
    const done = new AbortController();
    await this.reader.consume({
      name: 'api native records',
      topics: [topic],
      from: (_, partition) => {
        const span = of.get(partition);
        return span ? (topic === topics.events ? span.first : span.parts) : known.next(topic, partition);
      },
      until: 'end',
      signal: done.signal,
      each: (batch) => {
        for (const record of batch) {
          const span = of.get(record.partition);
          if (!span || done.signal.aborted) continue;
          if (topic === topics.events && record.offset >= span.last) left.delete(record.partition);
          if (topic === topics.parts || record.offset <= span.last) if (each(record) === 'done') done.abort();
        }
        if (left.size === 0) done.abort();
        return Promise.resolve();
      },
    });
  }
}

const isOf = ({ target, pid, start }: Omit<IndexedBackend, 'spans'>, event: Event): event is NativeRecord['event'] =>
  event.type === 'native.observed' && event.data.target === target && event.data.pid === pid && event.data.start === start;
