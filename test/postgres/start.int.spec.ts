import { spawn } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import pg from 'pg';
import { startPostgres, type Postgres } from './index.js';

async function rows(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  const { rows } = await client.query<Record<string, unknown>>(sql);
  await client.end();
  return rows;
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port })
      .on('connect', () => {
        socket.destroy();
        resolve(true);
      })
      .on('error', () => {
        resolve(false);
      });
  });

describe('a Postgres for tests', () => {
  it('starts as it was asked to, and is gone after stop', async () => {
    const postgres = await startPostgres({ flags: ['-c', 'work_mem=7MB'], initSql: 'CREATE TABLE t AS SELECT 1 AS n' });
    await expect(rows(postgres.superuserUrl, 'SELECT n, current_setting($$work_mem$$) AS mem FROM t')).resolves.toEqual([
      { n: 1, mem: '7MB' },
    ]);
    await postgres.stop();
    await postgres.stop();
    await expect(listens(postgres.port)).resolves.toBe(false);
  }, 30_000);

  it('says why it did not start', async () => {
    await expect(startPostgres({ flags: ['-c', 'work_mem=much'] })).rejects.toThrow('invalid value for parameter "work_mem"');
    await expect(startPostgres({ initSql: 'SELEC' })).rejects.toThrow('syntax error');
  }, 30_000);

  it('ends with the process that started it, even when that is killed', async () => {
    const script = `
      const { startPostgres } = await import(${JSON.stringify(new URL('./index.js', import.meta.url).href)});
      console.log(JSON.stringify(await startPostgres()));
      setInterval(() => {}, 60_000);`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const { port, dataDir } = await new Promise<Postgres>((resolve) =>
      starter.stdout.once('data', (line: Buffer) => {
        resolve(JSON.parse(line.toString('utf8')) as Postgres);
      }),
    );
    await expect(listens(port)).resolves.toBe(true);
    starter.kill('SIGKILL');
    while (await listens(port));
    await rm(dirname(dataDir), { recursive: true, force: true, maxRetries: 5 });
  }, 30_000);
});
