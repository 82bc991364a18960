import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { eventId, type EventOf } from '#events';
import { RecordCutter } from '#reconciliation';
import { ServiceProcess } from '../../test/e2e/service-process.js';
import { loggingFlags } from '../../test/native/logging.js';
import { startPostgres } from '../../test/postgres/index.js';
import { readRecord } from '../../test/record.js';

/** A server that logs every statement, under load, whose log is rotated while its reader is killed again and again. */
describe.each(['jsonlog', 'csvlog'] as const)('the reconciler over the %s of a real server', (format) => {
  it('loses and doubles nothing', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'reconciler-'));
    const flags = [...loggingFlags(format), '-c', 'log_filename=postgresql-%H%M%S.log', '-c', 'max_connections=20'];
    const postgres = await startPostgres({ flags });
    const logs = join(postgres.dataDir, 'log');
    const config = join(folder, 'sallyport.yml');
    writeFileSync(config, JSON.stringify({ dataDir: 'data', targets: [{ name: 'main', logs: { path: logs } }] }));
    const reconciler = new ServiceProcess('reconciler', config);
    try {
      await reconciler.start();
      const load = { isOn: true };
      const clients = Promise.all([1, 2].map((client) => underLoad(postgres.superuserUrl, client, load)));
      const superuser = new pg.Client(postgres.superuserUrl);
      await superuser.connect();
      for (let round = 0; round < 3; round++) {
        await superuser.query('SELECT pg_rotate_logfile()');
        await delay(1_100); // the next second has a name of its own
        await reconciler.end('SIGKILL');
        await reconciler.start();
      }
      load.isOn = false;
      await clients;
      await superuser.end();
      await postgres.stopServer();

      const written = straightRead(logs, format);
      let observed: Place[] = [];
      for (const late = performance.now() + 30_000; performance.now() < late && observed.length < written.length;) {
        observed = await placesOnRecord(join(folder, 'data'));
        await delay(100);
      }
      expect(readdirSync(logs).filter((name) => !name.endsWith('.log')).length).toBeGreaterThan(2);
      expect(written.length).toBeGreaterThan(200);
      expect(observed.map(({ text }) => text).sort()).toEqual(written.sort());
      expect(observed.filter(({ tells }) => tells === 'unreadable')).toEqual([]);
    } finally {
      await reconciler.end('SIGTERM');
      await postgres.stop();
      rmSync(folder, { recursive: true });
    }
  }, 90_000);
});

interface Place {
  readonly text: string;
  readonly tells: EventOf<'native.observed'>['data']['tells'];
}

/** Statements with line ends and quotes in them, one after the other. */
async function underLoad(url: string, client: number, load: { readonly isOn: boolean }): Promise<void> {
  const connection = new pg.Client(url);
  await connection.connect();
  for (let n = 0; load.isOn; n++) {
    await connection.query(`SELECT '${client}\n"${n}"' AS "a ""b"""`);
    await delay(2);
  }
  await connection.end();
}

/** Every record of every file, cut out of the whole of it. */
function straightRead(directory: string, format: 'jsonlog' | 'csvlog'): string[] {
  const suffix = format === 'jsonlog' ? '.json' : '.csv';
  const names = readdirSync(directory).filter((name) => name.endsWith(suffix));
  return names.flatMap((name) =>
    new RecordCutter(format, 0).push(readFileSync(join(directory, name))).map(({ bytes }) => bytes?.toString() ?? ''),
  );
}

async function placesOnRecord(dataDir: string): Promise<Place[]> {
  const { events, parts } = await readRecord(dataDir);
  const texts = new Map(parts.map(({ header, bytes }) => [eventId(header), Buffer.from(bytes).toString()]));
  return events.flatMap((event) =>
    event.type === 'native.observed' ? [{ text: texts.get(eventId(event)) ?? '', tells: event.data.tells }] : [],
  );
}
