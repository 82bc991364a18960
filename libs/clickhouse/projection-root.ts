import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonical } from '#events';
import type { ClickHouse } from './connection.js';
import { AlertRow, SessionRow, StatementRow, TextRow } from './rows.js';

const tables = [
  { name: 'sessions', row: SessionRow, key: 'session' },
  { name: 'statements', row: StatementRow, key: 'session, n' },
  { name: 'texts', row: TextRow, key: 'session, n' },
  { name: 'alerts', row: AlertRow, key: 'alert' },
] as const;

/**
 * SHA-256 over every folded row, by table and key: u32 length, then the row in canonical form. Two projections of the same log
 * have the same root, whatever the batching, redelivery and crashes on the way.
 */
export async function projectionRoot(clickhouse: ClickHouse): Promise<string> {
  const hash = createHash('sha256');
  const length = Buffer.alloc(4);
  for (const { name, row, key } of tables) {
    const sql = `SELECT ${Object.keys(row.shape).join(', ')} FROM ${name} FINAL ORDER BY ${key}`;
    for await (const found of clickhouse.stream(z.object(row.shape), sql)) {
      const bytes = Buffer.from(canonical(found), 'utf8');
      length.writeUInt32BE(bytes.length);
      hash.update(length).update(bytes);
    }
  }
  return hash.digest('hex');
}
