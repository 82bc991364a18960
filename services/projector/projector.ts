import { type Event, topics } from '#events';
import {
  AlertRow,
  type ClickHouse,
  dedupToken,
  eventRow,
  nextOffset,
  partRow,
  type Position,
  type SessionFold,
  SessionRow,
  type SessionRows,
  StatementRow,
  TextRow,
  undecodableEventRow,
  undecodablePartRow,
} from '#clickhouse';
import { LogGap, type LogReader, type StoredRecord } from '#event-log';
import type { Logger } from '#runtime';
import { type Block, cutBlocks } from './blocks.js';
import { type Decoded, decodeEvent, decodePart } from './decode.js';
import { untilDone } from './persistent.js';
import { SessionFolds } from './session-folds.js';

export interface ProjectorOptions {
  readonly reader: LogReader;
  readonly clickhouse: ClickHouse;
  readonly log: Logger;
  /** Names the cluster and the life of its topics, where partitions are numbers; an outbox's own uuid says enough. */
  readonly cluster?: string;
}

/**
 * Folds the event log into ClickHouse. Folded rows go first, the raw rows last: these carry the offsets, and so are
 * what commits. A crash in between has the records come again, and the same rows replace themselves.
 */
export class Projector {
  private readonly folds: SessionFolds;
  private readonly due = new Map<string, number>();
  private undecodableRecords = 0;

  constructor(private readonly options: ProjectorOptions) {
    this.folds = new SessionFolds(options.clickhouse, options.log);
  }

  /** Records that could not be read and were kept as they are. */
  get undecodable(): number {
    return this.undecodableRecords;
  }

  /**
   * @param until `follow`: until the signal aborts. `end`: to what was durable when it was called
   * @throws LogCorrupt, LogGap: what is to be projected is no longer what was written
   */
  async run(until: 'follow' | 'end', signal: AbortSignal): Promise<void> {
    const { reader, clickhouse } = this.options;
    try {
      await this.untilDone(() => clickhouse.migrate(), signal);
      await reader.consume({
        name: 'projector',
        topics: [topics.events, topics.parts, topics.control],
        from: (topic, partition) => this.untilDone(() => this.resume(topic, partition), signal),
        each: (batch) => this.project(batch, signal),
        until,
        signal,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  private async resume(topic: string, partition: string): Promise<number> {
    const table = topic === topics.parts ? 'parts' : 'events';
    const next = await nextOffset(this.options.clickhouse, table, { log: this.logOf(partition), topic, part: partition });
    this.due.set(`${topic}/${partition}`, next);
    return next;
  }

  private async project(batch: readonly StoredRecord[], signal: AbortSignal): Promise<void> {
    this.checkContiguous(batch);
    const rows = new Map<StoredRecord, object>();
    const alerts: AlertRow[] = [];
    const touched = new Set<SessionFold>();
    for (const record of batch) {
      if (record.topic === topics.parts) {
        rows.set(record, this.partRow(record));
        continue;
      }
      const event = this.read(record, decodeEvent);
      rows.set(
        record,
        event
          ? eventRow(this.positionOf(record), record.value, event)
          : undecodableEventRow(this.positionOf(record), record.key, record.value),
      );
      if (event?.type === 'alert.raised') alerts.push(alertRow(event));
      if (event && isOfSession(event)) touched.add(await this.untilDone(() => this.folds.apply(event), signal));
    }
    await this.insertFolded(this.folds.take(touched), alerts, signal);
    for (const block of cutBlocks(batch)) await this.insertRaw(block, rows, signal);
  }

  private async insertFolded(folded: readonly SessionRows[], alerts: readonly AlertRow[], signal: AbortSignal): Promise<void> {
    const insert = (table: string, rows: readonly object[]): Promise<void> =>
      this.untilDone(() => this.options.clickhouse.insert(table, rows), signal);
    await Promise.all([
      insert(
        'sessions',
        folded.map(({ session }) => SessionRow.encode(session)),
      ),
      insert(
        'statements',
        folded.flatMap(({ statements }) => statements.map((row) => StatementRow.encode(row))),
      ),
      insert(
        'texts',
        folded.flatMap(({ texts }) => texts.map((row) => TextRow.encode(row))),
      ),
      insert(
        'alerts',
        alerts.map((row) => AlertRow.encode(row)),
      ),
    ]);
  }

  private async insertRaw(block: Block, rows: ReadonlyMap<StoredRecord, object>, signal: AbortSignal): Promise<void> {
    const [first] = block;
    const last = block.at(-1) ?? first;
    const table = first.topic === topics.parts ? 'parts' : 'events';
    const values = block.map(({ value }) => value);
    const token = dedupToken(this.positionOf(first), this.positionOf(last), values);
    const blockRows = block.flatMap((record) => rows.get(record) ?? []);
    await this.untilDone(() => this.options.clickhouse.insert(table, blockRows, token), signal);
  }

  private partRow(record: StoredRecord): object {
    const part = this.read(record, decodePart);
    return part ? partRow(this.positionOf(record), part) : undecodablePartRow(this.positionOf(record), record.value);
  }

  /** Undefined for what cannot be read: that is said, counted, and kept as it is. */
  private read<T>(record: StoredRecord, decode: (bytes: Buffer) => Decoded<T>): T | undefined {
    const decoded = decode(record.value);
    if ('value' in decoded) return decoded.value;
    const { topic, partition, offset } = record;
    this.undecodableRecords++;
    this.options.log.error({ topic, partition, offset, problem: decoded.problem }, 'a record cannot be read; its bytes are kept');
    return undefined;
  }

  /** Records that come again are welcome; a hole would be silence. */
  private checkContiguous(batch: readonly StoredRecord[]): void {
    for (const { topic, partition, offset } of batch) {
      const place = `${topic}/${partition}`;
      const due = this.due.get(place) ?? 0;
      if (offset > due) throw new LogGap(topic, partition, due, offset);
      this.due.set(place, offset + 1);
    }
  }

  private positionOf({ topic, partition, offset }: StoredRecord): Position {
    return { log: this.logOf(partition), topic, part: partition, off: offset };
  }

  private logOf(partition: string): string {
    return this.options.cluster ?? partition;
  }

  private untilDone<T>(attempt: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return untilDone(attempt, this.options.log, signal);
  }
}

/** Events outside of a session bear their producer's id in its place; control events are about a session, never of it. */
const isOfSession = ({ session, producer }: Event): boolean => session !== producer;

const alertRow = ({ data }: Extract<Event, { type: 'alert.raised' }>): AlertRow => ({
  alert: data.alert,
  rule: data.rule,
  ruleVersion: data.ruleVersion,
  severity: data.severity,
  title: data.title,
  issuer: data.principal?.issuer ?? null,
  subject: data.principal?.subject ?? null,
  session: data.session ?? null,
  inputs: data.inputs,
  threshold: data.threshold,
  eventTime: data.eventTime,
});
