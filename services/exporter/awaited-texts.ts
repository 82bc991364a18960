import { MalformedPart } from '#events';
import type { StoredRecord } from '#event-log';
import type { Logger } from '#runtime';
import { absent, type SqlText } from '#siem';
import type { Waiting } from './sink.js';
import { SqlParts } from './sql-parts.js';

export interface AwaitedTextsOptions {
  readonly log: Logger;
  /** How long an event may wait for its text before it goes on without. Default 30 s. */
  readonly textWaitMs?: number;
  /**
   * Where the parts that belong to a partition's events end now. Given where parts are another topic, which is read at its own pace: a
   * text is given up only once the parts were read up to there.
   */
  readonly partsEnd?: (partition: string) => Promise<number>;
}

/** The texts that events wait for, each until its time is up. */
export class AwaitedTexts {
  private readonly parts = new SqlParts();
  /** The first offset of the parts of each partition that has not come. */
  private readonly taken = new Map<string, number>();
  private readonly deadlines = new Map<Waiting, NodeJS.Timeout>();
  private readonly late = new Set<Waiting>();

  /** @param timeIsUp called when an event waits no longer, though its text has not come */
  constructor(
    private readonly options: AwaitedTextsOptions,
    private readonly timeIsUp: () => void,
  ) {}

  /** Whether so much is here that it is better to wait for its events than to take more. */
  get areMany(): boolean {
    return this.parts.areMany;
  }

  /** Takes a part record. One that cannot be read is nobody's text; the log says where it is. */
  take(record: StoredRecord): void {
    const { partition, offset } = record;
    try {
      this.parts.take(record);
    } catch (error) {
      if (!(error instanceof MalformedPart)) throw error;
      this.options.log.error({ err: error, partition, offset }, 'a part cannot be read');
    }
    this.taken.set(partition, offset + 1);
  }

  /**
   * The text that an event brings; nothing if it brings none, `awaited` while it may still come. What is not awaited is let go.
   * @param patience `none`: what has not come is missing
   */
  of(waiting: Waiting, patience: 'wait' | 'none'): SqlText | 'awaited' | undefined {
    const { event, source } = waiting;
    const found = this.parts.find(event);
    if (found === 'awaited' && patience === 'wait' && !this.late.has(waiting)) {
      this.armDeadline(waiting);
      return found;
    }
    this.letGo(waiting);
    const text = found === 'awaited' ? absent('missing') : found;
    if (text?.kind === 'absent' && text.why !== 'withheld')
      this.options.log.warn({ ...source, type: event.type, why: text.why }, 'a statement goes without its text');
    return text;
  }

  /** The event is done with. */
  letGo(waiting: Waiting): void {
    clearTimeout(this.deadlines.get(waiting));
    this.deadlines.delete(waiting);
    this.late.delete(waiting);
    this.parts.release(waiting.event);
  }

  /** The event waits no longer. */
  giveUp(waiting: Waiting): void {
    this.late.add(waiting);
  }

  close(): void {
    for (const timer of this.deadlines.values()) clearTimeout(timer);
    this.deadlines.clear();
  }

  private armDeadline(waiting: Waiting): void {
    if (this.deadlines.has(waiting)) return;
    const timer = setTimeout(() => void this.pastDeadline(waiting), this.options.textWaitMs ?? 30_000);
    this.deadlines.set(waiting, timer);
  }

  private async pastDeadline(waiting: Waiting): Promise<void> {
    const mayStillCome = await this.mayStillCome(waiting.source.partition);
    if (!this.deadlines.delete(waiting)) return; // it has come meanwhile
    if (mayStillCome) {
      this.armDeadline(waiting);
      return;
    }
    this.giveUp(waiting);
    this.timeIsUp();
  }

  /** Parts are in the log before their event is: what lies beyond the end of this moment belongs to others. */
  private async mayStillCome(partition: string): Promise<boolean> {
    const { partsEnd, log } = this.options;
    if (!partsEnd) return false;
    try {
      return (this.taken.get(partition) ?? 0) < (await partsEnd(partition));
    } catch (error) {
      log.warn({ err: error, partition }, 'where the parts end cannot be asked: their events wait on');
      return true;
    }
  }
}
