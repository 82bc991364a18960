import { accesses, type ClickHouse, producerLives, projectedThrough, sessionsWithGaps, totals } from '#clickhouse';
import {
  AccessFold,
  type AccessReport,
  type Gap,
  gapsInOrder,
  gapsOfProducer,
  gapsOfSession,
  inOrder,
  type Period,
} from '#compliance';
import type { LogReader } from '#event-log';
import { MalformedEvent, parseEvent, topics, UnknownEvent } from '#events';
import type { Positions, Reached } from '../log/positions.js';
import type { Answered, Projection } from '../projection.js';

/** Who did what to which table: counted by ClickHouse, or folded from the whole log where it does not answer. Both count the same. */
export class AccessReports {
  constructor(
    private readonly projection: Projection,
    private readonly reader: LogReader,
    private readonly positions: Positions,
    /** The api's own outbox: it has no session in it, and grows with every question. */
    private readonly ownLog: string,
  ) {}

  of(period: Period): Promise<Answered<AccessReport>> {
    return this.projection.answer(
      (clickhouse) =>
        countedBy(
          clickhouse,
          period,
          this.positions.list().filter(({ partition }) => partition !== this.ownLog),
        ),
      () => foldedFrom(this.reader, period),
    );
  }
}

async function countedBy(clickhouse: ClickHouse, period: Period, read: readonly Reached[]): Promise<AccessReport> {
  const [through, rows, counted, sessions, lives] = await Promise.all([
    projectedThrough(clickhouse),
    accesses(clickhouse, period),
    totals(clickhouse, period),
    sessionsWithGaps(clickhouse, period),
    producerLives(clickhouse),
  ]);
  const gaps: Gap[] = sessions.flatMap((session) => gapsOfSession(session, period));
  for (const { nextAt, foundPseq, ...life } of lives) {
    const next = nextAt === null || foundPseq === null ? undefined : { startedAt: nextAt, foundPseq };
    gaps.push(...gapsOfProducer({ ...life, next }, period));
  }
  const unreadable = through.reduce((sum, partition) => sum + partition.undecodable, 0);
  const nowhere = { subject: null, from: null, to: null };
  if (unreadable > 0) gaps.push({ kind: 'records-unreadable', id: 'log', ...nowhere, count: unreadable });
  for (const { topic, partition, offset, event } of read) {
    const projected = through.find((one) => one.topic === topic && one.part === partition);
    const behind = offset - (projected?.off ?? -1);
    const isLater = projected !== undefined && projected.at >= period.until;
    if (behind > 0 && !isLater && (event?.at ?? 0) >= period.since)
      gaps.push({ kind: 'not-projected', id: partition, ...nowhere, from: projected?.at ?? null, count: behind });
  }
  return { period, rows: inOrder(rows), totals: counted, gaps: gapsInOrder(gaps) };
}

async function foldedFrom(reader: LogReader, period: Period): Promise<AccessReport> {
  const fold = new AccessFold(period);
  await reader.consume({
    name: 'api report',
    topics: [topics.events, topics.control],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { value } of batch) take(fold, value);
      return Promise.resolve();
    },
  });
  return fold.report();
}

function take(fold: AccessFold, value: Buffer): void {
  try {
    fold.take(parseEvent(value));
  } catch (error) {
    if (!(error instanceof MalformedEvent || error instanceof UnknownEvent)) throw error;
    fold.takeUnreadable();
  }
}
