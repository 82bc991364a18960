import { z } from 'zod';
import { UInt64 } from './columns.js';
import type { ClickHouse } from './connection.js';
import type { StatementRow } from './rows.js';

/** A statement with its text; null where the text was not kept, was erased, or is not here yet. */
export interface StatementWithText extends StatementRow {
  readonly sql: string | null;
}

const FoundText = z.object({ session: z.string(), n: UInt64, sql: z.string() });

const sql = `
  SELECT session, n, arrayStringConcat(arrayMap(chunk -> chunk.2, arraySort(groupArray((i, text))))) AS sql
  FROM (SELECT session, n, producer, pseq FROM texts FINAL WHERE session IN {sessions:Array(String)} AND n IN {ns:Array(UInt64)}) AS t
  INNER JOIN (
    SELECT producer, pseq, i, parts.n AS chunks, text FROM parts FINAL
    WHERE name = 'sql' AND parts.n > 0 AND (producer, pseq) IN (
      SELECT producer, pseq FROM texts WHERE session IN {sessions:Array(String)} AND n IN {ns:Array(UInt64)})) AS p
  USING (producer, pseq)
  GROUP BY session, n HAVING count() = max(chunks)`;

/** The text is joined when it is read: parts come before or after their event, and may be erased at any time. */
export async function withTexts(clickhouse: ClickHouse, rows: readonly StatementRow[]): Promise<StatementWithText[]> {
  if (rows.length === 0) return [];
  const sessions = [...new Set(rows.map(({ session }) => session))];
  const ns = [...new Set(rows.map(({ textN }) => textN))];
  const found = await clickhouse.select(FoundText, sql, { sessions, ns });
  const texts = new Map(found.map(({ session, n, sql }) => [`${session}/${n}`, sql]));
  return rows.map((row) => ({ ...row, sql: ownText(row, texts.get(`${row.session}/${row.textN}`)) }));
}

function ownText({ textFrom, textTo }: StatementRow, text: string | undefined): string | null {
  if (text === undefined) return null;
  if (textFrom === null || textTo === null) return text;
  return Buffer.from(text, 'utf8').toString('utf8', textFrom, textTo).trim();
}
