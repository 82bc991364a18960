import { createHash } from 'node:crypto';
import { type Event, eventHash, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Consumption, LogReader, StoredRecord } from '#event-log';
import type { Logger } from '#runtime';
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
import type { RecordSink, SiemRecord, Source } from './sink.js';
import { SqlParts } from './sql-parts.js';

export interface ExporterOptions {
  readonly reader: LogReader;
  readonly sink: RecordSink;
  /** A text with its literals replaced. */
  readonly redact: (sql: Buffer) => Promise<string>;
  readonly version: string;
  readonly log: Logger;
  /** How long an event may wait for its text before it goes on without. Default 30 s. */
  readonly textWaitMs?: number;
}

/** An event that waits for its turn in its partition. */
interface Waiting {
  readonly event: Event;
  readonly bytes: Buffer;
  readonly source: Source;
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
  private readonly parts = new SqlParts();
  private readonly sessions = new Map<string, SessionState>();
  private readonly queues = new Map<string, Waiting[]>();
  /** The heads of queues whose text has not come, and when each goes on without. */
  private readonly deadlines = new Map<Waiting, NodeJS.Timeout>();
  private readonly late = new Set<Waiting>();
  private turn: Promise<void> = Promise.resolve();
  private readonly failed = new AbortController();

  constructor(private readonly options: ExporterOptions) {}

  /** Goes on until the signal aborts, or to the end of the log. @throws what the log or the sink throws */
  async run({ until, signal }: Pick<Consumption, 'until' | 'signal'>): Promise<void> {
    const { reader, sink } = this.options;
    await sink.resume();
    try {
      await reader.consume({
        name: 'exporter',
        topics: [topics.events, topics.parts],
        from: () => 0,
        until,
        signal: AbortSignal.any([signal, this.failed.signal]),
        each: (batch) => this.take(batch),
      });
      if (until === 'end') await this.settle();
      this.failed.signal.throwIfAborted();
    } finally {
      for (const timer of this.deadlines.values()) clearTimeout(timer);
      await this.turn.catch(() => undefined); // whoever waited for it was told
    }
  }

  /** Takes a batch of one partition; those of several may come side by side, but are worked on one after the other. */
  private take(batch: readonly StoredRecord[]): Promise<void> {
    for (const record of batch) {
      if (record.topic === topics.parts) this.parts.take(record);
      else this.enqueue(record);
    }
    return this.next();
  }

  private enqueue({ partition, offset, value }: StoredRecord): void {
    const event = this.read(value, { partition, offset });
    if (!event) return;
    const queue = this.queues.get(partition) ?? [];
    this.queues.set(partition, queue);
    const { producer, pseq } = event;
    queue.push({ event, bytes: Buffer.from(value), source: { producer, pseq, partition, offset } });
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
    for (const queue of this.queues.values()) for (const waiting of queue) this.late.add(waiting);
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
  }

  private async write(records: readonly Promise<SiemRecord[]>[]): Promise<void> {
    const made = (await Promise.all(records)).flat();
    if (made.length > 0) await this.options.sink.write(made);
  }

  private textOf(waiting: Waiting, behind: number): SqlText | 'awaited' | undefined {
    const { event, source } = waiting;
    const found = this.parts.find(event);
    if (found === 'awaited' && !this.isOverdue(waiting, behind)) {
      this.armDeadline(waiting);
      return found;
    }
    clearTimeout(this.deadlines.get(waiting));
    this.deadlines.delete(waiting);
    this.late.delete(waiting);
    this.parts.release(event);
    const text = found === 'awaited' ? absent('missing') : found;
    if (text?.kind === 'absent' && text.why !== 'withheld')
      this.options.log.warn({ ...source, type: event.type, why: text.why }, 'a statement goes without its text');
    return text;
  }

  /** What an earlier life has written it has waited for already. */
  private isOverdue(waiting: Waiting, behind: number): boolean {
    return this.late.has(waiting) || behind > mostWaiting || this.options.sink.isWritten(waiting.source);
  }

  private armDeadline(waiting: Waiting): void {
    if (this.deadlines.has(waiting)) return;
    const timer = setTimeout(() => {
      this.late.add(waiting);
      this.next().catch((error: unknown) => {
        this.failed.abort(error);
      });
    }, this.options.textWaitMs ?? 30_000);
    this.deadlines.set(waiting, timer);
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
