import { z } from 'zod';
import { UInt64 } from './columns.js';
import { Conditions } from './conditions.js';
import type { ClickHouse } from './connection.js';
import { AlertRow } from './rows.js';

export interface AlertFilter {
  readonly session?: string | undefined;
  /** The subject, exactly. */
  readonly principal?: string | undefined;
  readonly severity?: AlertRow['severity'] | undefined;
}

/** An alert, and the step of its session that completed it: the last event that it rests on. Null where that is not here, or of no session. */
export interface AlertWithStep extends AlertRow {
  readonly seq: number | null;
}

/** The place after a row of a page, for the next one. */
export type AlertKey = Pick<AlertRow, 'eventTime' | 'alert'>;

/** Newest first, by (eventTime, alert). */
export async function alertsPage(
  clickhouse: ClickHouse,
  filter: AlertFilter,
  { limit, after }: { readonly limit: number; readonly after?: AlertKey | undefined },
): Promise<AlertWithStep[]> {
  const { where, parameters } = new Conditions()
    .add('session = {session:String}', 'session', filter.session)
    .add('subject = {principal:String}', 'principal', filter.principal)
    .add('severity = {severity:String}', 'severity', filter.severity)
    .add('eventTime <= fromUnixTimestamp64Milli({eventTime:Int64})', 'eventTime', after?.eventTime)
    .add('eventTime < fromUnixTimestamp64Milli({eventTime:Int64}) OR alert < {alert:String}', 'alert', after?.alert);
  const rows = await clickhouse.select(
    AlertRow,
    `SELECT ${Object.keys(AlertRow.shape).join(', ')} FROM alerts FINAL ${where}
    ORDER BY eventTime DESC, alert DESC LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
  return withSteps(clickhouse, rows);
}

const Step = z.object({ producer: z.string(), pseq: UInt64, session: z.string(), seq: UInt64 });

async function withSteps(clickhouse: ClickHouse, rows: readonly AlertRow[]): Promise<AlertWithStep[]> {
  const asked = rows.flatMap(({ session, inputs }) => {
    const pseq = Number(inputs.at(-1)?.split('/')[1]);
    return session === null || !Number.isSafeInteger(pseq) ? [] : [{ session, pseq }];
  });
  if (asked.length === 0) return rows.map((row) => ({ ...row, seq: null }));
  const found = await clickhouse.select(
    Step,
    'SELECT producer, pseq, session, seq FROM events WHERE session IN {sessions:Array(String)} AND pseq IN {pseqs:Array(UInt64)}',
    { sessions: [...new Set(asked.map(({ session }) => session))], pseqs: [...new Set(asked.map(({ pseq }) => pseq))] },
  );
  const steps = new Map(found.map(({ producer, pseq, session, seq }) => [`${session} ${producer}/${pseq}`, seq]));
  return rows.map((row) => ({ ...row, seq: steps.get(`${row.session ?? ''} ${row.inputs.at(-1) ?? ''}`) ?? null }));
}
