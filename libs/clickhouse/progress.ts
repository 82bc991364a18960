import { z } from 'zod';
import { Time, UInt64 } from './columns.js';
import type { ClickHouse } from './connection.js';
import { undecodable } from './raw.js';

const Progress = z.object({
  log: z.string(),
  topic: z.string(),
  part: z.string(),
  off: UInt64,
  /** The last event that could be read: its id, and its time. */
  producer: z.string(),
  pseq: UInt64,
  at: Time,
  /** Records that could not be read. */
  undecodable: UInt64,
});
export type Progress = z.infer<typeof Progress>;

/** How far each partition of the events and control topics is projected. */
export async function projectedThrough(clickhouse: ClickHouse): Promise<Progress[]> {
  const readable = 'type != {undecodable:String}';
  return clickhouse.select(
    Progress,
    `SELECT log, topic, part, max(events.off) AS off, argMaxIf(events.producer, events.off, ${readable}) AS producer,
      argMaxIf(events.pseq, events.off, ${readable}) AS pseq, argMaxIf(events.at, events.off, ${readable}) AS at,
      uniqExactIf(events.off, NOT (${readable})) AS undecodable
    FROM events GROUP BY log, topic, part ORDER BY log, topic, part`,
    { undecodable },
  );
}

/** The first offset that is not projected yet: the rows themselves say so, nothing else is kept. */
export async function nextOffset(
  clickhouse: ClickHouse,
  table: 'events' | 'parts',
  { log, topic, part }: Pick<Progress, 'log' | 'topic' | 'part'>,
): Promise<number> {
  const [row] = await clickhouse.select(
    z.object({ next: UInt64 }),
    `SELECT if(count() = 0, 0, max(off) + 1) AS next FROM ${table}
    WHERE log = {log:String} AND topic = {topic:String} AND part = {part:String}`,
    { log, topic, part },
  );
  return row?.next ?? 0;
}
