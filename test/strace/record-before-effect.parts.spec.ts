import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describePart, strace } from '../parts.js';
import { type Postgres, startPostgres } from '../postgres/index.js';
import { writeProxyConfig } from '../proxy-config.js';
import { type Certificates, makeCertificates } from '../tls/certificates.js';
import { type Breach, breaches, type Mark } from './record-before-effect.js';
import type { SystemCall } from './trace.js';
import { startTracedProxy } from './traced-proxy.js';

const target = { database: 'postgres', login: 'traced', password: 'of-a-trace' };
const clients = 6;

describePart([strace], 'no statement reaches the server before its record is on disk', () => {
  let postgres: Postgres;
  let certificates: Certificates;
  let folder: string;
  beforeAll(async () => {
    certificates = await makeCertificates();
    postgres = await startPostgres({
      initSql: `CREATE ROLE ${target.login} LOGIN PASSWORD '${target.password}'; CREATE TABLE notes (n int, note text);
        GRANT ALL ON notes TO ${target.login}`,
    });
  });
  afterAll(() => postgres.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'strace-'));
    chmodSync(folder, 0o755);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  /** Runs the statements of the test over a build of the proxy, under strace. */
  const play = async (root: string): Promise<Breach[]> => {
    const config = await writeProxyConfig({
      folder: join(folder, 'proxy'),
      certificates,
      durability: 'strict',
      target: { ...target, port: postgres.port },
    });
    const proxy = await startTracedProxy(root, folder, config, certificates);
    const marks: Mark[] = [];
    let calls: SystemCall[];
    try {
      const connection = {
        host: '127.0.0.1',
        port: proxy.port,
        user: target.login,
        password: config.token,
        database: 'postgres',
      };
      const ssl = { ca: certificates.ca, servername: 'localhost' };
      await Promise.all(
        Array.from({ length: clients }, async (_, client) => {
          const session = new pg.Client({ ...connection, ssl });
          await session.connect();
          await converse(session, client, marks);
          await session.end();
        }),
      );
    } finally {
      calls = await proxy.stop();
    }
    return breaches(calls, postgres.port, marks);
  };

  it('holds', async () => {
    expect(await play('.')).toEqual([]);
  }, 120_000);

  it.each([
    ['the sync is dropped', `if (!isClean)\n            await plain.datasync();`, ''],
    ['nobody waits for the sync', `if (!isClean)\n            await plain.datasync();`, 'void plain.datasync();'],
  ])(
    'is seen to be broken when %s',
    async (_, sound, defect) => {
      const root = join(folder, 'build');
      cpSync('dist', join(root, 'dist'), { recursive: true });
      cpSync('package.json', join(root, 'package.json'));
      symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'));
      plant(join(root, 'dist/libs/event-log/open-segment.js'), [
        ['isClean ? through : plain', 'plain'],
        [sound, defect],
      ]);
      const found = await play(root);
      expect(new Set(found.map(({ why }) => why))).toEqual(new Set(['sent before it was durable']));
    },
    120_000,
  );
});

/** Says something in every form: one statement, a transaction, parameters, several statements in one text. */
async function converse(session: pg.Client, client: number, marks: Mark[]): Promise<void> {
  const mark = (what: string, event: Mark['event'] = 'statement.decided'): string => {
    const text = `mark-${client}-${what}`;
    marks.push({ text, event });
    return text;
  };
  for (let i = 0; i < 5; i++) await session.query(`SELECT '${mark(`select-${i}-end`)}'`);
  await session.query(`BEGIN; SELECT '${mark('several')}'`);
  await session.query(`INSERT INTO notes VALUES (${client}, '${mark('insert')}')`);
  await session.query('COMMIT');
  await session.query({
    name: 'named',
    text: `INSERT INTO notes VALUES ($1, $2) /* ${mark('prepared', 'statement.prepared')} */`,
    values: [client, mark('first parameter')],
  });
  await session.query({ name: 'named', text: '', values: [client, mark('second parameter')] });
}

/** Puts a defect into compiled code. @throws Error when the code is not what it is planted into */
function plant(file: string, changes: readonly (readonly [sound: string, defect: string])[]): void {
  let code = readFileSync(file, 'utf8');
  for (const [sound, defect] of changes) {
    if (!code.includes(sound)) throw new Error(`${file} has changed: it does not say ${sound}`);
    code = code.replace(sound, defect);
  }
  writeFileSync(file, code);
}
