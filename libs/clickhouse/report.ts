import { z } from 'zod';
import { Time, UInt64 } from './columns.js';
import type { ClickHouse } from './connection.js';
import { SessionRow } from './rows.js';

/** Unix milliseconds: from `since` on, before `until`. */
export interface Period {
  readonly since: number;
  readonly until: number;
}

const Access = z.object({
  issuer: z.string().nullable(),
  subject: z.string().nullable(),
  kind: z.string().nullable(),
  target: z.string().nullable(),
  database: z.string(),
  relation: z.string(),
  access: z.enum(['read', 'write']),
  statements: UInt64,
  allowed: UInt64,
  denied: UInt64,
  held: UInt64,
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

/** Who did what to which table. A statement counts for each relation that it reads or writes, by its last verdict. */
export async function accesses(clickhouse: ClickHouse, { since, until }: Period): Promise<Access[]> {
  return clickhouse.select(
    Access,
    `SELECT issuer, subject, kind, target, database, use.1 AS relation, use.2 AS access, count() AS statements,
      countIf(verdict = 'allow') AS allowed, countIf(verdict = 'deny') AS denied, countIf(verdict = 'hold') AS held,
      countIf(verdict = 'allow' AND outcome = 'error') AS failed, countIf(verdict = 'allow' AND outcome IS NULL) AS unfinished,
      countIf(notEmpty(s.masked)) AS masked, sum(s.rows) AS rows, min(at) AS firstAt, max(at) AS lastAt
    FROM (SELECT * FROM statements FINAL) AS s
    ARRAY JOIN arrayConcat(arrayMap(r -> (r, 'read'), reads), arrayMap(w -> (w, 'write'), writes)) AS use
    WHERE at >= fromUnixTimestamp64Milli({since:Int64}) AND at < fromUnixTimestamp64Milli({until:Int64})
    GROUP BY issuer, subject, kind, target, database, relation, access
    ORDER BY issuer, subject, target, database, relation, access`,
    { since, until },
  );
}

/** Sessions of the period whose record has holes: missing events, bytes passed while the log was broken, an unknown end. */
export async function sessionsWithGaps(clickhouse: ClickHouse, { since, until }: Period): Promise<SessionRow[]> {
  return clickhouse.select(
    SessionRow,
    `SELECT ${Object.keys(SessionRow.shape).join(', ')} FROM sessions FINAL
    WHERE openedAt < fromUnixTimestamp64Milli({until:Int64}) AND lastAt >= fromUnixTimestamp64Milli({since:Int64})
      AND (missingEvents > 0 OR lostBytes > 0 OR tailUnknown OR endedAt IS NULL)
    ORDER BY openedAt, session`,
    { since, until },
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
