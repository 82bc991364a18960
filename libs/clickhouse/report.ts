import { z } from 'zod';
import { Time, UInt64 } from './columns.js';
import type { ClickHouse } from './connection.js';
import { undecodable } from './raw.js';
import { SessionRow } from './rows.js';

/** Unix milliseconds: from `since` on, before `until`. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

/** Allowed, and what became of it is not on record. */
const unfinished = "verdict = 'allow' AND (outcome IS NULL OR outcome = 'unknown')";

const Access = z.object({
  issuer: z.string().nullable(),
  subject: z.string().nullable(),
  kind: z.string().nullable(),
  target: z.string().nullable(),
  database: z.string(),
  role: z.string().nullable(),
  relation: z.string(),
  access: z.enum(['read', 'write']),
  verb: z.string(),
  /** Of the last decision; null where it is not on record. */
  verdict: z.enum(['allow', 'deny', 'hold']).nullable(),
  statements: UInt64,
  /** Allowed because a human approved it. */
  approved: UInt64,
  /** Allowed, and ended in an error. */
  failed: UInt64,
  /** Allowed, and never completed as far as the log says. */
  unfinished: UInt64,
  masked: UInt64,
  /** Rows handed out, and rows of a statement over two relations count for both. */
  rows: UInt64,
  firstAt: Time,
  lastAt: Time,
});
export type Access = z.infer<typeof Access>;

/** Who did what to which table, in which role, by which command. A statement counts for each relation that it reads or writes. */
export async function accesses(clickhouse: ClickHouse, { since, until }: Period): Promise<Access[]> {
  return clickhouse.select(
    Access,
    `SELECT issuer, subject, kind, target, database, role, use.1 AS relation, use.2 AS access, verb, verdict,
      count() AS statements, countIf(verdict = 'allow' AND approval IS NOT NULL) AS approved,
      countIf(verdict = 'allow' AND outcome = 'error') AS failed, countIf(${unfinished}) AS unfinished,
      countIf(notEmpty(s.masked)) AS masked, sum(s.rows) AS rows, min(at) AS firstAt, max(at) AS lastAt
    FROM (SELECT * FROM statements FINAL) AS s
    ARRAY JOIN arrayConcat(arrayMap(r -> (r, 'read'), reads), arrayMap(w -> (w, 'write'), writes)) AS use
    WHERE at >= fromUnixTimestamp64Milli({since:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})
    GROUP BY issuer, subject, kind, target, database, role, relation, access, verb, verdict
    ORDER BY issuer, subject, kind, target, database, role, relation, access, verb, verdict`,
    { since, until },
  );
}

const SessionWithGaps = z.object({ ...SessionRow.shape, unfinished: UInt64 });
/** A session, and how many statements of the period were allowed in it and have no known end. */
export type SessionWithGaps = z.infer<typeof SessionWithGaps>;

/**
 * Sessions of the period whose record has holes: missing events, bytes passed while the log was broken, an unknown end, of itself or
 * of a statement.
 */
export async function sessionsWithGaps(clickhouse: ClickHouse, { since, until }: Period): Promise<SessionWithGaps[]> {
  return clickhouse.select(
    SessionWithGaps,
    `SELECT ${Object.keys(SessionRow.shape).join(', ')}, unfinished FROM (SELECT * FROM sessions FINAL) AS s
    LEFT JOIN (
      SELECT session, count() AS unfinished FROM statements FINAL
      WHERE at >= fromUnixTimestamp64Milli({since:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64}) AND ${unfinished}
      GROUP BY session) AS u USING (session)
    WHERE openedAt < fromUnixTimestamp64Milli({until:Int64}) AND lastAt >= fromUnixTimestamp64Milli({since:Int64})
      AND (missingEvents > 0 OR lostBytes > 0 OR tailUnknown OR endedAt IS NULL OR unfinished > 0)
    ORDER BY openedAt, session`,
    { since, until },
  );
}

const ProducerLife = z.object({
  producer: z.string(),
  startedAt: Time,
  lastAt: Time,
  /** How many of its events there are, and the highest pseq of them. */
  events: UInt64,
  lastPseq: UInt64,
  stopped: z.stringbool(),
  /** The life after it, as its producer.started tells: when, and the last pseq that it found of this one. */
  nextAt: Time.nullable(),
  foundPseq: UInt64.nullable(),
});
export type ProducerLife = z.infer<typeof ProducerLife>;

/** Every life of every producer that the events tell of. */
export async function producerLives(clickhouse: ClickHouse): Promise<ProducerLife[]> {
  return clickhouse.select(
    ProducerLife,
    `SELECT producer, startedAt, lastAt, events, lastPseq, toString(stopped) AS stopped,
      if(next.id = '', NULL, next.at) AS nextAt, if(next.id = '', NULL, next.found) AS foundPseq
    FROM (
      SELECT events.producer AS producer, min(at) AS startedAt, max(at) AS lastAt, uniqExact(pseq) AS events,
        max(pseq) AS lastPseq, countIf(type = 'producer.stopped') > 0 AS stopped
      FROM events WHERE type != {undecodable:String} GROUP BY producer) AS lives
    LEFT JOIN (
      SELECT JSONExtractString(canon, 'data', 'previous', 'producer') AS id, any(events.at) AS at,
        any(JSONExtractUInt(canon, 'data', 'previous', 'pseq')) AS found
      FROM events WHERE type = 'producer.started' GROUP BY id HAVING id != '') AS next
    ON lives.producer = next.id ORDER BY producer`,
    { undecodable },
  );
}

const Totals = z.object({ sessions: UInt64, statements: UInt64, allowed: UInt64, denied: UInt64, held: UInt64, rows: UInt64 });
export type Totals = z.infer<typeof Totals>;

/** All statements of the period, those too that touch no relation, by their last verdict. */
export async function totals(clickhouse: ClickHouse, { since, until }: Period): Promise<Totals> {
  const [row] = await clickhouse.select(
    Totals,
    `SELECT uniqExact(session) AS sessions, count() AS statements, countIf(verdict = 'allow') AS allowed,
      countIf(verdict = 'deny') AS denied, countIf(verdict = 'hold') AS held, sum(s.rows) AS rows
    FROM (SELECT * FROM statements FINAL) AS s
    WHERE at >= fromUnixTimestamp64Milli({since:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})`,
    { since, until },
  );
  return row ?? { sessions: 0, statements: 0, allowed: 0, denied: 0, held: 0, rows: 0 };
}
