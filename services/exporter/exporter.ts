import { createHash, randomUUID } from 'node:crypto';
import { type Event, eventHash, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Consumption, LogReader, StoredRecord } from '#event-log';
import {
  absent,
  datastoreActivity,
  type EndedStatement,
  endsSession,
  evolve,
  initialState,
  type SessionState,
  type SqlText,
} from '#siem';
import { AwaitedTexts, type AwaitedTextsOptions } from './awaited-texts.js';
import type { RecordSink, SiemRecord, Waiting } from './sink.js';

export interface ExporterOptions extends AwaitedTextsOptions {
  readonly reader: LogReader;
  readonly sink: RecordSink;
  /** A text with its literals replaced. */
  readonly redact: (sql: Buffer) => Promise<string>;
  readonly version: string;
}

/** Records that go to the sink together, about; those of one event always do. */
const writeRecords = 500;
/** Events that may wait behind one whose text has not come; beyond it that one goes on without. */
const mostWaiting = 10_000;

/**
 * Folds the event log into a record for each statement. It always reads from the log's beginning, so that a restart knows the sessions
 * that were open; what is written already is neither redacted nor written again.
 */
export class Exporter {
  private readonly texts: AwaitedTexts;
  private readonly sessions = new Map<string, SessionState>();
  private readonly queues = new Map<string, Waiting[]>();
  /** Who waits for the next turn to end. */
  private awaiting: (() => void)[] = [];
  private turn: Promise<void> = Promise.resolve();
  private readonly failed = new AbortController();

  constructor(private readonly options: ExporterOptions) {
    this.texts = new AwaitedTexts(options, () => {
      this.next().catch((error: unknown) => {
        this.failed.abort(error);
      });
    });
  }

  /** Goes on until the signal aborts, or to the end of the log. @throws what the log or the sink throws */
  async run({ until, signal }: Pick<Consumption, 'until' | 'signal'>): Promise<void> {
    const { sink, partsEnd } = this.options;
    const either = AbortSignal.any([signal, this.failed.signal]);
    await sink.resume();
    try {
      if (partsEnd) await this.consumeApart(until, either);
      else
        await this.consume('exporter', [topics.events, topics.parts], {
          until,
          signal: either,
          each: (batch) => this.take(batch),
        });
      if (until === 'end') await this.settle();
      this.failed.signal.throwIfAborted();
    } finally {
      this.texts.close();
      await this.turn.catch(() => undefined); // whoever waited for it was told
    }
  }

  private consume(name: string, of: Consumption['topics'], how: Pick<Consumption, 'until' | 'signal' | 'each'>): Promise<void> {
    return this.options.reader.consume({ name, topics: of, from: () => 0, ...how });
  }

  /**
   * Events wait for their parts, and must not keep these from being read meanwhile: so each are read by a consumer of their own. Neither
   * runs far ahead of the other.
   */
  private async consumeApart(until: Consumption['until'], signal: AbortSignal): Promise<void> {
    const each = async (batch: readonly StoredRecord[], isReady: () => boolean): Promise<void> => {
      await this.take(batch);
      while (until === 'follow' && !signal.aborted && !isReady()) await this.nextTurn(signal);
    };
    const isIdle = (partition: string) => (this.queues.get(partition)?.length ?? 0) === 0;
    const isAnyAwaited = () => [...this.queues.keys()].some((partition) => !isIdle(partition));
    const id = randomUUID(); // with another exporter, neither could be sure to have the parts of its events
    const consumptions = [
      this.consume(`exporter parts ${id}`, [topics.parts], {
        ...{ until, signal },
        each: (batch) => each(batch, () => !this.texts.areMany || isAnyAwaited()),
      }),
      this.consume(`exporter ${id}`, [topics.events], {
        ...{ until, signal },
        each: (batch) => each(batch, () => batch.every(({ partition }) => isIdle(partition))),
      }),
    ];
    for (const one of consumptions)
      one.catch((error: unknown) => {
        this.failed.abort(error);
      });
    await Promise.allSettled(consumptions);
  }

  private async nextTurn(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = () => {
        signal.removeEventListener('abort', done);
        resolve();
      };
      this.awaiting.push(done);
      signal.addEventListener('abort', done);
    });
  }

  /** Takes a batch of one partition; those of several may come side by side, but are worked on one after the other. */
  private take(batch: readonly StoredRecord[]): Promise<void> {
    for (const record of batch) {
      if (record.topic === topics.parts) this.texts.take(record);
      else this.enqueue(record);
    }
    return this.next();
  }

  private enqueue({ partition, offset, value }: StoredRecord): void {
    const event = this.read(value, { partition, offset });
    if (!event) return;
    const queue = this.queues.get(partition) ?? [];
    this.queues.set(partition, queue);
    const { session, pseq } = event;
    queue.push({ event, bytes: Buffer.from(value), source: { session, pseq, partition, offset } });
  }

  /** An event that cannot be read has no record; the log says where it is. */
  private read(value: Buffer, place: { readonly partition: string; readonly offset: number }): Event | undefined {
    try {
      const event = parseEvent(value);
      return event.type.startsWith('session.') || event.type.startsWith('statement.') ? event : undefined;
    } catch (error) {
      if (!(error instanceof UnknownEvent || error instanceof MalformedEvent)) throw error;
      this.options.log.error({ err: error, ...place }, 'an event cannot be read and gives no record');
      return undefined;
    }
  }

  private next(): Promise<void> {
    this.turn = this.turn.then(() => this.drain());
    return this.turn;
  }

  /** At the end of the log: what has not come will not come. */
  private async settle(): Promise<void> {
    for (const queue of this.queues.values()) for (const waiting of queue) this.texts.giveUp(waiting);
    await this.next();
  }

  private async drain(): Promise<void> {
    for (const queue of this.queues.values()) {
      let records: Promise<SiemRecord[]>[] = [];
      let ready = 0;
      for (const waiting of queue) {
        const sql = this.textOf(waiting, queue.length - ready);
        if (sql === 'awaited') break;
        ready++;
        records.push(this.fold(waiting, sql));
        if (records.length < writeRecords) continue;
        await this.write(records);
        records = [];
      }
      queue.splice(0, ready);
      await this.write(records);
    }
    for (const done of this.awaiting.splice(0)) done();
  }

  private async write(records: readonly Promise<SiemRecord[]>[]): Promise<void> {
    const made = (await Promise.all(records)).flat();
    if (made.length > 0) await this.options.sink.write(made);
  }

  private textOf(waiting: Waiting, behind: number): SqlText | 'awaited' | undefined {
    const { event, source } = waiting;
    if (event.seq <= (this.sessions.get(event.session)?.seq ?? -1)) {
      this.texts.letGo(waiting); // it is delivered again, and changes nothing
      return undefined;
    }
    // What an earlier life has written it has waited for already.
    const isOverdue = behind > mostWaiting || this.options.sink.isWritten(source);
    return this.texts.of(waiting, isOverdue ? 'none' : 'wait');
  }

  private async fold({ event, bytes, source }: Waiting, sql: SqlText | undefined): Promise<SiemRecord[]> {
    const { session } = event;
    const { state, ended } = evolve(this.sessions.get(session) ?? initialState(session), {
      event,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      hash: eventHash(bytes).toString('hex'),
      ...(sql && { sql }),
    });
    if (endsSession(event)) this.sessions.delete(session);
    else this.sessions.set(session, state);
    if (ended.length === 0 || this.options.sink.isWritten(source)) return [];
    return Promise.all(ended.map(async (statement) => ({ key: session, value: await this.record(statement), source })));
  }

  private async record(statement: EndedStatement): Promise<Buffer> {
    const { redact, version } = this.options;
    const text = statement.decided?.text ?? absent('none');
    const shown = text.kind === 'sql' ? ({ kind: 'redacted', text: await redact(text.sql) } as const) : text;
    return Buffer.from(JSON.stringify(datastoreActivity(statement, shown, { version })));
  }
}
