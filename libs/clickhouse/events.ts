import { z } from 'zod';
import { Bytes, Time, UInt64 } from './columns.js';
import { Conditions } from './conditions.js';
import type { ClickHouse } from './connection.js';
import { undecodable } from './raw.js';

const EventRow = z.object({
  at: Time,
  session: z.string(),
  seq: UInt64,
  producer: z.string(),
  pseq: UInt64,
  type: z.string(),
  /** The bytes that were written: they are the event. */
  canon: Bytes,
});
export type EventRow = z.infer<typeof EventRow>;

const columns = 'at, session, seq, producer, pseq, type, base64Encode(events.canon) AS canon';

/** A session's events in the order of seq, after `after`. An event that was shipped twice comes once. */
export async function sessionEvents(
  clickhouse: ClickHouse,
  session: string,
  { limit, after }: { readonly limit: number; readonly after?: number | undefined },
): Promise<EventRow[]> {
  const { where, parameters } = new Conditions()
    .add('session = {session:String}', 'session', session)
    .add('type != {undecodable:String}', 'undecodable', undecodable)
    .add('seq > {after:UInt64}', 'after', after);
  return clickhouse.select(
    EventRow,
    `SELECT ${columns} FROM events FINAL ${where} ORDER BY seq, off LIMIT 1 BY producer, pseq LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

/** All of them, for folding the session again. */
export function recordedEvents(clickhouse: ClickHouse, session: string): AsyncGenerator<EventRow> {
  const sql = `SELECT ${columns} FROM events FINAL WHERE session = {session:String} AND type != {undecodable:String} ORDER BY seq, off`;
  return clickhouse.stream(EventRow, sql, { session, undecodable });
}

const PartRow = z.object({
  producer: z.string(),
  pseq: UInt64,
  name: z.string(),
  i: z.int(),
  /** How many chunks there are; 0: it was accounted for, but not kept. */
  n: z.int(),
  salt: Bytes,
  bytes: Bytes,
});
export type PartRow = z.infer<typeof PartRow>;

/** The parts of a producer's events, chunk by chunk in order. */
export async function partsOfEvents(clickhouse: ClickHouse, producer: string, pseqs: readonly number[]): Promise<PartRow[]> {
  if (pseqs.length === 0) return [];
  const sql = `
    SELECT producer, pseq, name, i, n, base64Encode(parts.salt) AS salt, base64Encode(parts.bytes) AS bytes FROM parts FINAL
    WHERE producer = {producer:String} AND pseq IN {pseqs:Array(UInt64)} AND name != {undecodable:String} ORDER BY pseq, name, i`;
  return clickhouse.select(PartRow, sql, { producer, pseqs, undecodable });
}
