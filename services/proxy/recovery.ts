import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Draft, Journal, LogReader, Predecessor, StoredRecord } from '#event-log';

/** What the lives before this one left behind, folded from the log. */
export interface Past {
  /** The last life of this outbox. */
  readonly previous: Predecessor | undefined;
  /** Sessions without an end, and what is known of each. */
  readonly unfinished: ReadonlyMap<string, Unfinished>;
  /** Where the control topic goes on, by partition. */
  readonly controlFrom: ReadonlyMap<string, number>;
}

interface Unfinished {
  nextSeq: number;
  statements: number;
  client: number;
  server: number;
  /** Statements that were decided and whose end is not on record. */
  readonly open: Set<number>;
}

export interface PastReading {
  /** Sees every event of the log too, so that one reading serves all who need the past. */
  readonly fold: (event: Event) => void;
  /** Told of what another process wrote and nobody can read: it has no effect. */
  readonly unreadable: (error: Error, place: Pick<StoredRecord, 'partition' | 'offset'>) => void;
}

/**
 * Reads the log once, at start.
 * @param log the proxy's own
 * @throws MalformedEvent when the proxy's own past cannot be read
 */
export async function readPast(reader: LogReader, log: string, { fold, unreadable }: PastReading): Promise<Past> {
  let previous: Predecessor | undefined;
  const unfinished = new Map<string, Unfinished>();
  const controlFrom = new Map<string, number>();
  await reader.consume({
    name: 'proxy recovery',
    topics: [topics.events, topics.control],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { topic, partition, offset, value } of batch) {
        if (topic === topics.control) controlFrom.set(partition, offset + 1);
        const event = known(value);
        if (event instanceof MalformedEvent) {
          if (partition === log) throw event;
          unreadable(event, { partition, offset });
          continue;
        }
        if (!event) continue;
        fold(event);
        if (partition !== log) continue;
        if (!previous || event.producer !== previous.producer || event.pseq > previous.pseq)
          previous = { producer: event.producer, pseq: event.pseq };
        follow(unfinished, event);
      }
      return Promise.resolve();
    },
  });
  return { previous, unfinished, controlFrom };
}

/** Ends what a dead life left open: its statements as unknown, its sessions with an unknown tail. */
export function closeUnfinished(journal: Journal, unfinished: Past['unfinished']): void {
  for (const [session, { nextSeq, statements, client, server, open }] of unfinished) {
    journal.resume(session, nextSeq);
    const drafts: Draft[] = [...open]
      .sort((a, b) => a - b)
      .map((n) => ({
        type: 'statement.completed',
        session,
        data: { n, outcome: 'unknown', rows: 0, bytes: 0 },
      }));
    drafts.push({ type: 'session.closed', session, data: { reason: 'crash', tail: 'unknown', statements, client, server } });
    journal.add(drafts, 'linger');
    journal.forget(session);
  }
}

function follow(unfinished: Map<string, Unfinished>, event: Event): void {
  const { session, type } = event;
  if (type === 'session.closed' || type === 'session.refused') {
    unfinished.delete(session);
    return;
  }
  if (type === 'session.opened') unfinished.set(session, { nextSeq: 0, statements: 0, client: 0, server: 0, open: new Set() });
  const state = unfinished.get(session);
  if (!state) return;
  state.nextSeq = event.seq + 1;
  for (const { dir, to } of event.wire ?? []) {
    if (dir === 'c') state.client = Math.max(state.client, to);
    else state.server = Math.max(state.server, to);
  }
  if (type === 'statement.decided') {
    state.statements = Math.max(state.statements, event.data.n + event.data.count);
    if (event.data.verdict === 'allow') for (let i = 0; i < event.data.count; i++) state.open.add(event.data.n + i);
  } else if (type === 'statement.completed') {
    state.open.delete(event.data.n);
  }
}

/** An event of a newer version is none of ours to close: whoever wrote it will. */
function known(value: Buffer): Event | MalformedEvent | undefined {
  try {
    return parseEvent(value);
  } catch (error) {
    if (error instanceof UnknownEvent) return undefined;
    if (error instanceof MalformedEvent) return error;
    throw error;
  }
}
