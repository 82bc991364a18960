import { Conditions } from './conditions.js';
import type { ClickHouse } from './connection.js';
import { AlertRow } from './rows.js';

export interface AlertFilter {
  readonly session?: string | undefined;
  /** The subject, exactly. */
  readonly principal?: string | undefined;
  readonly severity?: AlertRow['severity'] | undefined;
}

/** The place after a row of a page, for the next one. */
export type AlertKey = Pick<AlertRow, 'eventTime' | 'alert'>;

/** Newest first, by (eventTime, alert). */
export async function alertsPage(
  clickhouse: ClickHouse,
  filter: AlertFilter,
  { limit, after }: { readonly limit: number; readonly after?: AlertKey | undefined },
): Promise<AlertRow[]> {
  const { where, parameters } = new Conditions()
    .add('session = {session:String}', 'session', filter.session)
    .add('subject = {principal:String}', 'principal', filter.principal)
    .add('severity = {severity:String}', 'severity', filter.severity)
    .add('eventTime <= fromUnixTimestamp64Milli({eventTime:Int64})', 'eventTime', after?.eventTime)
    .add('eventTime < fromUnixTimestamp64Milli({eventTime:Int64}) OR alert < {alert:String}', 'alert', after?.alert);
  return clickhouse.select(
    AlertRow,
    `SELECT ${Object.keys(AlertRow.shape).join(', ')} FROM alerts FINAL ${where}
    ORDER BY eventTime DESC, alert DESC LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}
