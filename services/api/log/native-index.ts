import type { StoredRecord } from '#event-log';
import { type Event, type EventOf, partChunkBytes, topics } from '#events';

/** How many backends are kept in mind, the newest of them. */
const mostBackends = 20_000;

/** Where the records of a backend are in one partition: the offsets of its first and last event, and of the first part. */
export interface Span {
  readonly partition: string;
  readonly first: number;
  readonly last: number;
  readonly parts: number;
}

/** A backend of a target's own log, and where its records are. */
export interface IndexedBackend {
  readonly target: string;
  readonly pid: number;
  readonly start: number;
  readonly spans: readonly Span[];
}

type Observed = EventOf<'native.observed'>;

/** Where the native records of sessions are in the log: enough to read those of one without all the others. */
export class NativeIndex {
  private readonly backends = new Map<string, Map<string, Span>>();
  private readonly ofSession = new Map<string, Omit<IndexedBackend, 'spans'>>();
  /** Of each partition. */
  private readonly lastPart = new Map<string, { readonly key: string; readonly offset: number }>();

  /** @param event what the record says, where it is an event that can be read */
  take(record: StoredRecord, event: Event | undefined): void {
    const { topic, partition, key, offset } = record;
    if (topic === topics.parts) this.lastPart.set(partition, { key, offset });
    else if (event?.type === 'native.observed') this.observe(record, event);
    else if (event?.type === 'native.explained' && event.data.by.kind === 'session') {
      const { target, pid, start, by } = event.data;
      this.ofSession.set(by.session, { target, pid, start });
      forgetOldest(this.ofSession);
    }
  }

  /** The backend that served a session; undefined where none is known, or it is not kept in mind any more. */
  backendOf(session: string): IndexedBackend | undefined {
    const backend = this.ofSession.get(session);
    const spans = backend && this.backends.get(keyOf(backend));
    return spans && { ...backend, spans: [...spans.values()] };
  }

  private observe({ partition, offset }: StoredRecord, event: Observed): void {
    const { target, pid, start } = event.data;
    if (pid === undefined || start === undefined) return;
    const key = keyOf({ target, pid, start });
    const spans = this.backends.get(key) ?? new Map<string, Span>();
    const known = spans.get(partition);
    const parts = known?.parts ?? this.partsOf(partition, event);
    spans.set(partition, { partition, first: known?.first ?? offset, last: offset, parts });
    this.backends.set(key, spans);
    forgetOldest(this.backends);
  }

  /** Where the parts of an event begin, or some offset before. An outbox is in order; of Kafka's topics either may be read ahead. */
  private partsOf(partition: string, { producer, parts: [part] = [] }: Observed): number {
    const last = this.lastPart.get(partition);
    const isOutbox = !/^\d+$/.test(partition);
    if (!isOutbox || last?.key !== producer) return 0;
    return Math.max(0, last.offset - Math.ceil((part?.len ?? 0) / partChunkBytes));
  }
}

const keyOf = ({ target, pid, start }: Omit<IndexedBackend, 'spans'>): string => `${target}/${pid}/${start}`;

function forgetOldest(map: Map<string, unknown>): void {
  if (map.size <= mostBackends) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
