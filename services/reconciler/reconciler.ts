import { setTimeout as delay } from 'node:timers/promises';
import type { Consumption, Draft, Journal, LogReader, StoredRecord } from '#event-log';
import { type Event, MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Judgement, Reconciliation } from '#reconciliation';
import type { Logger } from '#runtime';
import { keyOf } from './judgements.js';

/** A target's log as it is held against the record. */
export interface ReconciledTarget {
  readonly name: string;
  readonly reconciliation: Reconciliation;
  readonly graceMs: number;
  readonly unreadable: () => readonly string[];
}

export interface ReconcilerOptions {
  /** The reconciler's own outbox, and no other. */
  readonly own: LogReader;
  /** Everything that others write. */
  readonly others: LogReader;
  /** Names the consumers: each reconciler reads all of the log. */
  readonly log: Logger;
  readonly consumer: string;
  readonly journal: Journal;
  readonly targets: readonly ReconciledTarget[];
  /** Keys of what earlier lives explained and found. */
  readonly judged: ReadonlySet<string>;
  readonly now: () => number;
}

const judgeMs = 500;
const completedMs = 30_000;

/**
 * Holds what the tails put on record against what the proxies did, and writes what that comes to, each once. It always reads from the
 * log's beginning: the fold gives the same again, and what an earlier life wrote is passed over.
 */
export class Reconciler {
  private readonly judged: Set<string>;
  private readonly next = new Map<string, number>();
  private readonly completed = new Map<string, { readonly at: number; readonly said: string }>();

  constructor(private readonly options: ReconcilerOptions) {
    this.judged = new Set(options.judged);
  }

  /** Reads all that is on record, the proxies' part first: then nothing of the native log lacks what explains it. */
  async catchUp(): Promise<void> {
    const { signal } = new AbortController();
    await this.consume('others', 'end', signal);
    await this.consume('own', 'end', signal);
  }

  /** Reads on, and judges, until the signal aborts. @throws what the log throws */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const ending = AbortSignal.any([signal, failed.signal]);
    const running = [this.consume('others', 'follow', ending), this.consume('own', 'follow', ending), this.judgeOn(ending)];
    for (const one of running)
      one.catch(() => {
        failed.abort();
      });
    await Promise.all(running);
  }

  /** Writes what is due. */
  async judge(): Promise<void> {
    const { targets, now } = this.options;
    const moment = now();
    // Nobody is accused on a record that was not read to its end.
    const isDue = targets.some(({ reconciliation, graceMs }) => reconciliation.wouldFind(moment - graceMs));
    if (isDue) await this.consume('others', 'end', new AbortController().signal);
    for (const target of targets) await this.judgeTarget(target, moment);
  }

  private async judgeOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.judge();
      await delay(judgeMs, undefined, { signal }).catch(() => undefined);
    }
  }

  private async judgeTarget({ name, reconciliation, graceMs, unreadable }: ReconciledTarget, moment: number): Promise<void> {
    const through = moment - graceMs;
    const fresh = reconciliation.judge(through).filter((judgement) => !this.judged.has(keyOf(judgement)));
    const drafts: Draft[] = [...fresh];
    const data = { target: name, through, ...reconciliation.tally, ...namesIn(unreadable()) };
    const said = JSON.stringify({ ...data, through: undefined });
    const before = this.completed.get(name);
    if (before?.said !== said && data.records + unreadable().length > 0 && moment - (before?.at ?? 0) >= completedMs) {
      this.completed.set(name, { at: moment, said });
      drafts.push({ type: 'reconciliation.completed', data });
    }
    if (drafts.length === 0) return;
    await this.write(drafts);
    for (const judgement of fresh) this.judged.add(keyOf(judgement));
    this.tell(fresh);
  }

  private tell(judgements: readonly Judgement[]): void {
    for (const { type, data } of judgements)
      if (type === 'bypass.found' && data.what === 'connection') {
        const { finding, target, pid, client } = data;
        this.options.log.warn({ finding, target, backend: pid, from: client?.host }, 'a connection went past the proxy');
      }
  }

  private write(drafts: readonly Draft[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.options.journal.add(drafts, 'disk', (error) => {
        if (error) reject(error);
        else resolve();
      });
    });
  }

  private consume(whose: 'own' | 'others', until: Consumption['until'], signal: AbortSignal): Promise<void> {
    const key = ({ topic, partition }: Pick<StoredRecord, 'topic' | 'partition'>): string => `${whose}/${topic}/${partition}`;
    // Before the log's end is looked up: what another reading takes from then on lies beyond it, and would be a gap to this one.
    const known = new Map(this.next);
    return this.options[whose].consume({
      name: `${this.options.consumer} ${whose} ${until}`,
      topics: [topics.events],
      from: (topic, partition) => known.get(key({ topic, partition })) ?? 0,
      until,
      signal,
      each: (batch) => {
        for (const record of batch) {
          const event = this.read(record);
          if (event && (whose === 'own') === (event.type === 'native.observed')) this.take(event);
          this.next.set(key(record), Math.max(this.next.get(key(record)) ?? 0, record.offset + 1));
        }
        return Promise.resolve();
      },
    });
  }

  private take(event: Event): void {
    for (const { reconciliation } of this.options.targets) reconciliation.take(event);
  }

  /** An event that cannot be read explains nothing; the log says where it is. */
  private read({ value, topic, partition, offset }: StoredRecord): Event | undefined {
    try {
      return parseEvent(value);
    } catch (error) {
      if (!(error instanceof UnknownEvent || error instanceof MalformedEvent)) throw error;
      this.options.log.error({ err: error, topic, partition, offset }, 'an event cannot be read and explains nothing');
      return undefined;
    }
  }
}

const namesIn = (unreadable: readonly string[]): { unreadable?: string[] } =>
  unreadable.length === 0 ? {} : { unreadable: [...unreadable] };
