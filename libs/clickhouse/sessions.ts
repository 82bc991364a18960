import { Conditions, type ContextFilter, textMatches, traceOf } from './conditions.js';
import type { ClickHouse } from './connection.js';
import { SessionRow } from './rows.js';

/** A run, conversation, tool call or trace is that of the session, or of one of its statements. */
export interface SessionFilter extends ContextFilter {
  /** The subject, exactly. */
  readonly principal?: string | undefined;
  readonly target?: string | undefined;
  readonly database?: string | undefined;
  readonly status?: SessionRow['status'] | undefined;
  /** Whether no end of it is on record. */
  readonly live?: boolean | undefined;
  /** Sessions with at least one decision of this verdict. */
  readonly verdict?: 'allow' | 'deny' | 'hold' | undefined;
  /** Sessions with at least one statement whose text holds this. */
  readonly text?: string | undefined;
  /** Opened at or after, and before: Unix milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** The place after a row of a page, for the next one. */
export type SessionKey = Pick<SessionRow, 'openedAt' | 'session'>;

const columns = Object.keys(SessionRow.shape).join(', ');

const ofItOrAStatement = (condition: string): string =>
  `(${condition}) OR session IN (SELECT session FROM statements WHERE ${condition})`;

/** Newest first, by (openedAt, session). */
export async function sessionsPage(
  clickhouse: ClickHouse,
  filter: SessionFilter,
  { limit, after }: { readonly limit: number; readonly after?: SessionKey | undefined },
): Promise<SessionRow[]> {
  const { where, parameters } = new Conditions()
    .add('subject = {principal:String}', 'principal', filter.principal)
    .add('target = {target:String}', 'target', filter.target)
    .add('database = {database:String}', 'database', filter.database)
    .add('status = {status:String}', 'status', filter.status)
    .add('isNull(endedAt) = {live:UInt8}', 'live', filter.live === undefined ? undefined : Number(filter.live))
    .add("multiIf({verdict:String} = 'allow', allowed, {verdict:String} = 'deny', denied, held) > 0", 'verdict', filter.verdict)
    .add(ofItOrAStatement('run = {run:String}'), 'run', filter.run)
    .add(ofItOrAStatement('conversation = {conversation:String}'), 'conversation', filter.conversation)
    .add(ofItOrAStatement('toolCall = {toolCall:String}'), 'toolCall', filter.toolCall)
    .add(ofItOrAStatement(`${traceOf} = {trace:String}`), 'trace', filter.trace)
    .add('has(actors, {actor:String})', 'actor', filter.actor)
    .add(`session IN (SELECT session FROM statements WHERE ${textMatches})`, 'text', filter.text)
    .add('openedAt >= fromUnixTimestamp64Milli({since:Int64})', 'since', filter.since)
    .add('openedAt < fromUnixTimestamp64Milli({until:Int64})', 'until', filter.until)
    .add('openedAt <= fromUnixTimestamp64Milli({openedAt:Int64})', 'openedAt', after?.openedAt)
    .add('openedAt < fromUnixTimestamp64Milli({openedAt:Int64}) OR session < {session:String}', 'session', after?.session);
  return clickhouse.select(
    SessionRow,
    `SELECT ${columns} FROM sessions FINAL ${where} ORDER BY openedAt DESC, session DESC LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
}

export async function sessionById(clickhouse: ClickHouse, session: string): Promise<SessionRow | undefined> {
  const sql = `SELECT ${columns} FROM sessions FINAL WHERE session = {session:String}`;
  return (await clickhouse.select(SessionRow, sql, { session }))[0];
}
