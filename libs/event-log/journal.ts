import { uuidv7 } from '#events';
import type { Draft } from './draft.js';
import { Backlog, type Entry, type Need, type Settled } from './backlog.js';
import type { LogRecord, LogWriter } from './port.js';
import { type Sealed, stamp } from './seal.js';

export interface JournalOptions {
  readonly service: string;
  readonly version: string;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  /** How long a draft that nobody waits for may wait for company. Default 50. */
  readonly lingerMs?: number;
  /** What may wait in memory. Beyond it `drained` waits, and what is lost to a failing log is lost sooner. Default 64 MiB. */
  readonly maxQueuedBytes?: number;
}

/** The life before this one, as far as its log tells. */
export interface Predecessor {
  readonly producer: string;
  readonly pseq: number;
}

/** How often a failing log is tried again for what nobody waits for. */
const retryMs = 1000;

/**
 * One life of a producer: gives events their numbers and commits them in groups.
 *
 * A draft with need `disk` or `file` starts a commit at the end of the loop's turn, so that all that arrived together shares it; one
 * with `linger` rides along, or goes by itself after `lingerMs`. While a commit is under way the next gathers. Numbers are given when
 * a commit begins and stand when it is done, so a failed one leaves no hole.
 *
 * When a commit fails, the drafts that someone waits for are given up: their `settled` hears the error, and the bytes that their
 * `wire` ranges account for are the caller's to account for again. The others are kept for the next attempt without their parts, their
 * ranges marked lost; accounts of adjacent lost bytes become one. Should even that pass `maxQueuedBytes`, facts other than a
 * session's own are given up as well, and of them too only lost bytes remain. `lost` counts all of it.
 */
export class Journal {
  /** A fresh id per life. */
  readonly producer: string;
  private readonly backlog: Backlog;
  private readonly lingerMs: number;
  private readonly seqs = new Map<string, number>();
  private pseq = 0;
  private isCommitting = false;
  private isFailing = false;
  private isStopped = false;
  private immediate: NodeJS.Immediate | undefined;
  private timer: NodeJS.Timeout | undefined;
  private waiting: (() => void)[] = [];

  constructor(
    private readonly log: LogWriter,
    private readonly options: JournalOptions,
  ) {
    const { now, random, maxQueuedBytes = 64 * 1024 * 1024, lingerMs = 50 } = options;
    this.producer = uuidv7(now(), random(10));
    this.lingerMs = lingerMs;
    this.backlog = new Backlog({ producer: this.producer, now, random, maxBytes: maxQueuedBytes });
  }

  /** What this life could not keep, so far. */
  get lost(): Backlog['lost'] {
    return this.backlog.lost;
  }

  get queuedBytes(): number {
    return this.backlog.bytes;
  }

  /** Writes producer.started: this life's first event. */
  async start(previous?: Predecessor): Promise<void> {
    const { service, version } = this.options;
    const data = { service, boot: this.log.boot, version, ...(previous && { previous }) };
    await this.record([{ type: 'producer.started', data }]);
  }

  /**
   * Takes drafts, which reach the log in this order, all in one commit.
   * @param settled called once: without an error when they have the reach that they need; drafts that linger are never given up, so
   * for them it waits as long as it takes. Callbacks of one commit come in the order of `add`.
   * @throws EventTooBig, NotCanonical: defects of the caller; nothing was taken
   */
  add(drafts: readonly Draft[], need: Need, settled?: Settled): void {
    if (this.isStopped) throw new Error('the journal is stopped');
    this.backlog.add(drafts, need, settled);
    if (this.isFailing) this.backlog.shrink();
    this.arm(need);
  }

  /** The same, for who waits: resolves when they are on disk. @throws LogFailed, and as `add` does */
  record(drafts: readonly Draft[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add(drafts, 'disk', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Resolves when all that was added so far is on disk. @throws LogFailed when what was awaited was given up instead */
  flush(): Promise<void> {
    return this.record([]);
  }

  /** Resolves when less than `maxQueuedBytes` wait. */
  async drained(): Promise<void> {
    if (this.backlog.isFull) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  /** The session is closed: its counter goes once all that was added for it is written. */
  forget(session: string): void {
    this.add([], 'linger', () => this.seqs.delete(session));
  }

  /** Carries on a session of an earlier life at its next number. */
  resume(session: string, nextSeq: number): void {
    this.seqs.set(session, nextSeq);
  }

  /** Writes producer.stopped, this life's last event, after all else. The log stays open. */
  async stop(reason: string): Promise<void> {
    const written = this.record([{ type: 'producer.stopped', data: { reason } }]);
    this.isStopped = true;
    await written;
  }

  private arm(need: Need): void {
    if (this.isCommitting || this.immediate) return;
    if (need !== 'linger') this.immediate = setImmediate(this.commit);
    else this.timer ??= setTimeout(this.commit, this.isFailing ? retryMs : this.lingerMs);
  }

  private readonly commit = (): void => {
    clearTimeout(this.timer);
    clearImmediate(this.immediate);
    this.timer = this.immediate = undefined;
    const batch = this.backlog.take();
    if (batch.length === 0) return;
    this.isCommitting = true;
    const seqs = new Map<string, number>();
    const records: LogRecord[] = [];
    let { pseq } = this;
    for (const { events } of batch)
      for (const event of events) for (const record of this.number(event, pseq++, seqs)) records.push(record);
    // Alone, what lingers goes to disk too: a crash of the machine shall cost no more of it than lingerMs.
    const reach = batch.some(({ need }) => need === 'disk') || batch.every(({ need }) => need === 'linger') ? 'disk' : 'file';
    this.log.write(records, reach).then(
      () => {
        this.pseq = pseq;
        for (const [session, seq] of seqs) this.seqs.set(session, seq);
        this.committed(batch);
      },
      (error: unknown) => {
        this.failed(batch, error as Error);
      },
    );
  };

  private number(event: Sealed, pseq: number, seqs: Map<string, number>): LogRecord[] {
    const seq = seqs.get(event.key) ?? this.seqs.get(event.key) ?? 0;
    seqs.set(event.key, seq + 1);
    return stamp(event, this.producer, pseq, seq);
  }

  private committed(batch: readonly Entry[]): void {
    this.isFailing = false;
    this.next(batch);
  }

  private failed(batch: readonly Entry[], error: Error): void {
    this.isFailing = true;
    this.backlog.putBack(batch.filter(({ need }) => need === 'linger'));
    this.backlog.shrink();
    this.next(
      batch.filter(({ need }) => need !== 'linger'),
      error,
    );
  }

  private next(settled: readonly Entry[], error?: Error): void {
    this.isCommitting = false;
    if (this.backlog.isAwaited) this.commit();
    else if (!this.backlog.isEmpty && !(this.isStopped && error)) this.arm('linger');
    for (const entry of settled) entry.settled?.(error);
    if (!this.backlog.isFull) for (const resolve of this.waiting.splice(0)) resolve();
  }
}
