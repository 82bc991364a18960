import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { LogReader, StoredRecord } from '#event-log';
import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Positions } from '../log/positions.js';
import type { SessionIndex } from '../log/session-index.js';
import { RequestFailed } from '../problem/problem.js';
import { TailPlace } from './place.js';

const mostTails = 100;
const heartbeatMs = 15_000;
/** A tail ends after so long: whoever listens comes back, and is asked anew who they are. */
const longestMs = 15 * 60_000;

export interface TailRequest {
  /** Only its events, and those about it; from its first on, unless `lastEventId` says otherwise. */
  readonly session: string | undefined;
  readonly lastEventId: string | undefined;
}

/** Live tails: each reads the log for itself, at the pace of who listens. */
export class Tails {
  private readonly open = new Map<AbortController, Promise<void>>();
  private closed = false;

  constructor(
    private readonly reader: LogReader,
    private readonly positions: Positions,
    private readonly index: SessionIndex,
    private readonly mostMs = longestMs,
  ) {}

  /** Where a tail begins: where it broke off, at its session's first event, or now. @throws RequestFailed */
  begin({ session, lastEventId }: TailRequest): TailPlace {
    if (this.closed || this.open.size >= mostTails) throw new RequestFailed('too-many-tails');
    if (lastEventId !== undefined) return TailPlace.parse(lastEventId);
    const place = new TailPlace();
    for (const { topic, partition, offset } of this.positions.list()) place.set(topic, partition, offset + 1);
    const first = session === undefined ? undefined : this.index.placeOf(session)?.events;
    if (first) place.set(topics.events, first.partition, first.offset);
    return place;
  }

  /** Writes server-sent events until the listener is gone or `close` is called. */
  run(place: TailPlace, session: string | undefined, to: Writable): Promise<void> {
    const ending = new AbortController();
    const running = this.follow(place, session, to, ending).finally(() => this.open.delete(ending));
    this.open.set(ending, running);
    return running;
  }

  /** Ends them all. Whoever listens comes back with the id of the last event that they had. */
  async close(): Promise<void> {
    this.closed = true;
    for (const ending of this.open.keys()) ending.abort();
    await Promise.allSettled(this.open.values());
  }

  private async follow(place: TailPlace, session: string | undefined, to: Writable, ending: AbortController): Promise<void> {
    const { signal } = ending;
    const gone = (): void => {
      ending.abort();
    };
    to.once('close', gone);
    const enough = setTimeout(gone, this.mostMs);
    const heartbeat = setInterval(() => to.write(': still here\n\n'), heartbeatMs);
    to.write(`id: ${place.toString()}\nretry: 1000\n\n`);
    try {
      await this.reader.consume({
        name: `api tail ${randomUUID()}`, // each reads all of the log
        topics: [topics.events, topics.control],
        from: (topic, partition) => place.of(topic, partition),
        until: 'follow',
        signal,
        each: async (batch) => {
          for (const record of batch) {
            place.set(record.topic, record.partition, record.offset + 1);
            if (!isWanted(record, session)) continue;
            if (!to.write(message(place, record))) await once(to, 'drain', { signal });
          }
        },
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      clearTimeout(enough);
      clearInterval(heartbeat);
      to.off('close', gone);
      to.end();
    }
  }
}

/** The event's own bytes: canonical JSON has no line end in it. */
function message(place: TailPlace, { value }: StoredRecord): string {
  const text = value.toString('utf8');
  return `id: ${place.toString()}\nevent: ${typeOf(text)}\ndata: ${text}\n\n`;
}

function isWanted({ key, value }: StoredRecord, session: string | undefined): boolean {
  if (session === undefined || key === session) return true;
  // What others say of a session names it in its data.
  if (!value.includes(session)) return false;
  const event = read(value);
  return event !== undefined && 'session' in event.data && event.data.session === session;
}

function read(value: Buffer): Event | undefined {
  try {
    return parseEvent(value);
  } catch (error) {
    if (error instanceof MalformedEvent || error instanceof UnknownEvent) return undefined;
    throw error;
  }
}

function typeOf(text: string): string {
  const { type } = JSON.parse(text) as { type?: unknown };
  return typeof type === 'string' ? type : 'unknown';
}
