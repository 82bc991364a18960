import { jest } from '@jest/globals';
import { accesses, ClickHouse, sessionEvents, sessionsPage, statementsOfSession, statementsPage } from '#clickhouse';
import { SegmentReader } from '#event-log';
import { serialize } from '#events';
import { logger } from '#runtime';
import { SpawnedEngine } from '../../test/clickhouse/spawned-engine.js';
import { openPolicy } from '../../test/e2e/policies.js';
import { login, startWorld, type World } from '../../test/e2e/world.js';
import { Projector } from './projector.js';

jest.setTimeout(60_000);

describe('sessions through the proxy, projected', () => {
  const engine = new SpawnedEngine();
  let world: World;
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    await engine.start();
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text);
        INSERT INTO item SELECT g, 'item ' || g FROM generate_series(1, 10) g; GRANT ALL ON item TO ${login.name};`,
    });
    const client = await world.connect('bot', await world.token('bot', ['agents']));
    await client.query('SELECT name FROM item WHERE id < 4');
    await client.query('SELECT name FROM item WHERE id = $1', [7]);
    await client.query("UPDATE item SET name = 'größer' WHERE id = 1; SELECT 1 AS one");
    await client.query('DROP TABLE item').catch(() => undefined);
    await client.query('SELECT 1/0').catch(() => undefined);
    await client.end();
    expect(await world.unaccounted()).toEqual([]);
    clickhouse = ClickHouse.at({ url: engine.url, user: engine.user, password: engine.password, database: 'sallyport' });
    const reader = new SegmentReader({ dataDir: world.dataDir });
    const log = logger('projector', { write: () => undefined });
    const projector = new Projector({ reader, clickhouse, log });
    await projector.run('end', new AbortController().signal);
    await reader.close();
    expect(projector.undecodable).toBe(0);
  });
  afterAll(async () => {
    await clickhouse.close();
    await engine.remove();
    await world.stop();
  });

  it('shows each statement with its text, its verdict and what became of it', async () => {
    const [session] = await sessionsPage(clickhouse, { principal: 'bot' }, { limit: 10 });
    expect(session).toMatchObject({ status: 'closed', target: 'main', database: 'app', missingEvents: 0, denied: 1, failed: 1 });
    const statements = await statementsOfSession(clickhouse, session?.session ?? '', { limit: 100 });
    expect(statements.map(({ sql, verb, verdict, outcome, rows }) => [sql, verb, verdict, outcome, rows])).toEqual([
      ['SELECT name FROM item WHERE id < 4', 'SELECT', 'allow', 'ok', 3],
      ['SELECT name FROM item WHERE id = $1', 'SELECT', 'allow', 'ok', 1],
      ["UPDATE item SET name = 'größer' WHERE id = 1", 'UPDATE', 'allow', 'ok', 0],
      ['SELECT 1 AS one', 'SELECT', 'allow', 'ok', 1],
      ['DROP TABLE item', 'DROP TABLE', 'deny', 'refused', 0],
      ['SELECT 1/0', 'SELECT', 'allow', 'error', 0],
    ]);
  });

  it('holds the events of the log, byte by byte', async () => {
    const [session] = await sessionsPage(clickhouse, {}, { limit: 1 });
    const written = (await world.record()).events.filter((event) => event.session === session?.session);
    const read = await sessionEvents(clickhouse, session?.session ?? '', { limit: 1000 });
    expect(read.map(({ canon }) => canon.toString('utf8'))).toEqual(written.map(serialize));
  });

  it('answers a search over texts, and who did what', async () => {
    const found = await statementsPage(clickhouse, { text: 'GRÖSSER', verb: 'UPDATE' }, { limit: 10 });
    expect(found).toEqual([]);
    expect(await statementsPage(clickhouse, { text: 'GRÖßER', verb: 'UPDATE' }, { limit: 10 })).toHaveLength(1);
    const rows = await accesses(clickhouse, { since: 0, until: Date.now() + 1 });
    expect(rows.map(({ relation, access, verb, verdict, statements }) => [relation, access, verb, verdict, statements])).toEqual([
      ['public.item', 'read', 'SELECT', 'allow', 2],
      ['public.item', 'write', 'DROP TABLE', 'deny', 1],
      ['public.item', 'write', 'UPDATE', 'allow', 1],
    ]);
  });
});
