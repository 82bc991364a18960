import { Conditions, type ContextFilter, textMatches, traceOf } from './conditions.js';
import type { ClickHouse } from './connection.js';
import { StatementRow } from './rows.js';
import { type StatementWithText, withTexts } from './texts.js';

export interface StatementFilter extends ContextFilter {
  readonly session?: string | undefined;
  /** The subject, exactly. */
  readonly principal?: string | undefined;
  readonly target?: string | undefined;
  readonly database?: string | undefined;
  readonly verdict?: 'allow' | 'deny' | 'hold' | undefined;
  readonly verb?: string | undefined;
  /** `schema.name` of a relation that it reads or writes. */
  readonly relation?: string | undefined;
  /** Part of its text, whatever the case. */
  readonly text?: string | undefined;
  /** Decided at or after, and before: Unix milliseconds. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** The place after a row of a page, for the next one. */
export type StatementKey = Pick<StatementRow, 'at' | 'session' | 'n'>;

const columns = Object.keys(StatementRow.shape).join(', ');

/** Newest first, by (at, session, n). */
export async function statementsPage(
  clickhouse: ClickHouse,
  filter: StatementFilter,
  { limit, after }: { readonly limit: number; readonly after?: StatementKey | undefined },
): Promise<StatementWithText[]> {
  const { where, parameters } = new Conditions()
    .add('session = {ofSession:String}', 'ofSession', filter.session)
    .add('subject = {principal:String}', 'principal', filter.principal)
    .add('target = {target:String}', 'target', filter.target)
    .add('database = {database:String}', 'database', filter.database)
    .add('verdict = {verdict:String}', 'verdict', filter.verdict)
    .add('verb = {verb:String}', 'verb', filter.verb)
    .add('has(reads, {relation:String}) OR has(writes, {relation:String})', 'relation', filter.relation)
    .add('run = {run:String}', 'run', filter.run)
    .add('conversation = {conversation:String}', 'conversation', filter.conversation)
    .add('toolCall = {toolCall:String}', 'toolCall', filter.toolCall)
    .add(`${traceOf} = {trace:String}`, 'trace', filter.trace)
    .add('has(actors, {actor:String})', 'actor', filter.actor)
    .add(textMatches, 'text', filter.text)
    .add('at >= fromUnixTimestamp64Milli({since:Int64})', 'since', filter.since)
    .add('at < fromUnixTimestamp64Milli({until:Int64})', 'until', filter.until)
    .add('at <= fromUnixTimestamp64Milli({at:Int64})', 'at', after?.at)
    .add('at < fromUnixTimestamp64Milli({at:Int64}) OR session <= {session:String}', 'session', after?.session)
    .add('at < fromUnixTimestamp64Milli({at:Int64}) OR session < {session:String} OR n < {n:UInt64}', 'n', after?.n);
  const rows = await clickhouse.select(
    StatementRow,
    `SELECT ${columns} FROM statements FINAL ${where} ORDER BY at DESC, session DESC, n DESC LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
  return withTexts(clickhouse, rows);
}

/** A session's statements in their order, after number `after`. */
export async function statementsOfSession(
  clickhouse: ClickHouse,
  session: string,
  { limit, after }: { readonly limit: number; readonly after?: number | undefined },
): Promise<StatementWithText[]> {
  const { where, parameters } = new Conditions()
    .add('session = {session:String}', 'session', session)
    .add('n > {after:UInt64}', 'after', after);
  const rows = await clickhouse.select(
    StatementRow,
    `SELECT ${columns} FROM statements FINAL ${where} ORDER BY n LIMIT {limit:UInt32}`,
    { ...parameters, limit },
  );
  return withTexts(clickhouse, rows);
}
