import { once } from 'node:events';
import pg from 'pg';
import Cursor from 'pg-cursor';
import type { Answer } from './answer.js';
import { exactTypes, typeName } from './values.js';

/** How much of a result an agent is given. */
export interface Bounds {
  readonly rows: number;
  /** Of all rows, as JSON. */
  readonly characters: number;
  /** Of one value, as JSON. */
  readonly valueCharacters: number;
}

/** Rows that are asked for at a time: what is read and not given on is at most this. */
const batch = 50;

/** Runs one statement, and reads little more of its result than is given on. */
export async function runBounded(
  client: pg.Client,
  sql: string,
  parameters: readonly unknown[],
  bounds: Bounds,
): Promise<Pick<Answer, 'columns' | 'rows' | 'rowCount' | 'command' | 'truncated'>> {
  const cursor = client.query(new Cursor<unknown[]>(sql, [...parameters], { rowMode: 'array', types: exactTypes }));
  const kept = new Kept(bounds);
  let read: Read;
  try {
    do {
      read = await next(cursor);
      for (const row of read.rows) kept.add(row);
    } while (read.rows.length === batch && !kept.isFull);
  } catch (error) {
    // The server is still to say that it is ready for another statement.
    if (error instanceof pg.DatabaseError) await Promise.race([once(client, 'drain'), once(client, 'end')]);
    throw error;
  }
  await cursor.close();
  const { fields, command, rowCount } = read.result;
  const told = { ...(command && { command }) };
  if (fields.length === 0) return { rowCount, ...told };
  const columns = fields.map(({ name, dataTypeID }) => ({ name, type: typeName(dataTypeID) }));
  return { columns, rows: kept.rows, truncated: kept.isTruncated, rowCount: kept.rows.length, ...told };
}

/** The rows that fit. */
class Kept {
  readonly rows: unknown[][] = [];
  isTruncated = false;
  isFull = false;
  private characters = 0;

  constructor(private readonly bounds: Bounds) {}

  add(row: readonly unknown[]): void {
    const short = row.map((value) => this.shortened(value));
    this.characters += JSON.stringify(short).length;
    this.isFull ||= this.rows.length >= this.bounds.rows || this.characters > this.bounds.characters;
    this.isTruncated ||= this.isFull || short.some((value, i) => value !== row[i]);
    if (!this.isFull) this.rows.push(short);
  }

  private shortened(value: unknown): unknown {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return text.length > this.bounds.valueCharacters ? `${text.slice(0, this.bounds.valueCharacters)}…` : value;
  }
}

interface Read {
  readonly rows: readonly (readonly unknown[])[];
  /** As far as it is known by then. */
  readonly result: Pick<pg.QueryResult, 'fields' | 'rowCount'> & { readonly command: string | null };
}

const next = (cursor: Cursor<unknown[]>): Promise<Read> =>
  new Promise((resolve, reject) => {
    cursor.read(batch, (error, rows, result) => {
      if (error) reject(error);
      else resolve({ rows, result });
    });
  });
