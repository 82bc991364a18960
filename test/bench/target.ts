import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import pg from 'pg';
import { pathOf, pgbench } from '../parts.js';
import { type Postgres, startPostgres } from '../postgres/index.js';
import type { Certificates } from '../tls/certificates.js';
import { database, libpq } from './path.js';

/** A Postgres as it is run for real: it syncs its commits, and speaks TLS to who asks for it. With pgbench's tables in it. */
export async function startTarget(certificates: Certificates, scale: number): Promise<Postgres> {
  const settings = ['fsync=on', 'max_connections=150', 'shared_buffers=256MB', 'ssl=on', 'max_wal_size=4GB'];
  const postgres = await startPostgres({
    flags: settings.flatMap((setting) => ['-c', setting]),
    files: { 'server.crt': certificates.cert, 'server.key': certificates.key },
    initSql: `CREATE ROLE ${database.login} LOGIN PASSWORD '${database.password}'`,
  });
  try {
    await query(postgres.superuserUrl, `CREATE DATABASE ${database.name} OWNER ${database.login}`);
    const env = libpq(postgres.port, 'disable');
    await promisify(execFile)(pathOf(pgbench), ['--initialize', '--quiet', `--scale=${scale}`], {
      env: { ...process.env, ...env },
    });
    await query(
      `postgres://${database.login}:${database.password}@127.0.0.1:${postgres.port}/${database.name}`,
      // 100 MB on the wire: a DataRow is 7 bytes of frame, 2 × 4 bytes of lengths, 7 digits and the text; a million of them.
      `CREATE TABLE wide AS SELECT n AS id, repeat('x', 78) AS text FROM generate_series(1000001, 2000000) n`,
    );
    return postgres;
  } catch (cause) {
    await postgres.stop();
    throw cause;
  }
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
