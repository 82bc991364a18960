import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { alertsPage, ClickHouse, sessionsPage } from '#clickhouse';
import { createTopics } from '#event-log';
import { SpawnedEngine } from '../clickhouse/spawned-engine.js';
import { openPolicy } from '../e2e/policies.js';
import { startVoter, type Voter } from '../e2e/voter.js';
import { login, type Service, startWorld, type World } from '../e2e/world.js';
import { describePart, java, maven } from '../parts.js';
import { ocsfFaults } from '../ocsf.js';
import { Broker } from './broker.js';
import { disturb, readTopic } from './stranger.js';

jest.setTimeout(90_000);
const siemTopic = 'sallyport.ocsf.datastore_activity.v1';
const consumers: readonly Service[] = ['projector', 'detector', 'exporter'];

describePart([java, maven], 'services that have nothing but Kafka in common', () => {
  const broker = new Broker();
  const engine = new SpawnedEngine();
  const voterDir = mkdtempSync(join(tmpdir(), 'sallyport-voter-'));
  let world: World;
  let voter: Voter;
  let clickhouse: ClickHouse;

  beforeAll(async () => {
    await Promise.all([broker.start(), engine.start()]);
    const { url, user, password } = engine;
    await createTopics({ brokers: [broker.address], clientId: 'test' }, { partitions: 3, replicas: 1 });
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, note text); INSERT INTO item SELECT g, 'n' || g FROM generate_series(1, 100) g;
        GRANT ALL ON item TO ${login.name}`,
      brokers: [broker.address],
      services: consumers,
      clickhouse: { port: Number(new URL(url).port), password },
    });
    voter = await startVoter(world.dataDir, { dataDir: voterDir, kafka: { brokers: [broker.address] } });
    clickhouse = ClickHouse.at({ url, user, password, database: 'sallyport' });
  }, 180_000);
  afterAll(async () => {
    await clickhouse.close();
    await voter.close();
    await world.stop();
    await engine.remove();
    await broker.remove();
    rmSync(voterDir, { recursive: true });
  }, 60_000);

  it('decide, record, vote, project, detect and export over a broker that is killed midway; a SIEM reads each statement once', async () => {
    const bot = await world.connect('bot', await world.token('bot', ['agents'], 'agent'));
    const failure = async (sql: string): Promise<unknown> => {
      const error: unknown = await bot.query(sql).catch((error: unknown) => error);
      return (error as { code?: string }).code;
    };
    for (const topic of ['events', 'parts', 'control'])
      await disturb(broker.address, `sallyport.${topic}.v1`, 'not a record of ours');
    await bot.query(`SELECT id FROM item WHERE note = 'canary-read'`);
    expect(await failure('DROP TABLE item')).toBe('42501');
    expect(await failure(`SELECT 'canary-error'::int`)).toBe('22P02');
    const held = bot.query('DELETE FROM item');
    await voter.vote('granted', { by: { issuer: 'https://id.example', subject: 'anna' }, groups: ['approvers'] });
    expect((await held).rowCount).toBe(100);

    await broker.kill();
    await bot.query(`INSERT INTO item VALUES (4711, 'canary-dark')`);
    const another = await world.connect('bot', await world.token('bot', ['agents'], 'agent'));
    await another.query('SELECT note FROM item WHERE id = 4711');
    await another.end();
    await broker.start();
    await bot.query(`UPDATE item SET note = 'canary-light' WHERE id = 4711`);
    await bot.end();
    expect(await world.unaccounted()).toEqual([]);

    const statements = [
      ['SELECT id FROM item WHERE note = ?', 'Success'],
      ['DROP TABLE item', 'Failure'],
      ['SELECT ?::int', 'Failure'],
      ['DELETE FROM item', 'Success'],
      ['INSERT INTO item VALUES (?, ?)', 'Success'],
      ['SELECT note FROM item WHERE id = ?', 'Success'],
      ['UPDATE item SET note = ? WHERE id = ?', 'Success'],
    ];
    await until('the exporter has written', async () => (await readTopic(broker.address, siemTopic)).length >= statements.length);
    expect(await world.services.exporter?.end('SIGTERM')).toBe(0); // and has nothing more to say
    const messages = await readTopic(broker.address, siemTopic);
    const records = messages.map(({ value }) => JSON.parse(value) as SiemRecord).sort((a, b) => a.time - b.time);
    expect(records.map(({ query_info, status }) => [query_info.query_string, status])).toEqual(statements);
    expect(new Set(records.map(({ metadata }) => metadata.uid)).size).toBe(statements.length);
    expect(records.flatMap(ocsfFaults)).toEqual([]);
    for (const { key, timestamp, value } of messages) {
      const { actor, time } = JSON.parse(value) as SiemRecord;
      expect([key, timestamp]).toEqual([actor.session.uid, time]);
      expect(value).not.toMatch(/canary|4711/);
    }

    await until('all is projected', async () => {
      const [sessions, alerts] = await Promise.all([
        sessionsPage(clickhouse, {}, { limit: 10 }),
        alertsPage(clickhouse, {}, { limit: 10 }),
      ]);
      return sessions.filter(({ status }) => status === 'closed').length === 2 && alerts.length > 0;
    });
    const sessions = await sessionsPage(clickhouse, {}, { limit: 10 });
    expect(sessions.map(({ statements, missingEvents }) => [statements, missingEvents])).toEqual([
      [1, 0],
      [6, 0],
    ]);
    expect((await alertsPage(clickhouse, {}, { limit: 10 })).map(({ rule }) => rule)).toEqual(['R01']);
    expect(consumers.map((service) => outboxes(world.dataDirOf(service)))).toEqual([[], ['detector'], ['exporter']]);
  });
});

interface SiemRecord {
  readonly actor: { readonly session: { readonly uid: string } };
  readonly metadata: { readonly uid: string };
  readonly query_info: { readonly query_string: string };
  readonly status: string;
  readonly time: number;
}

const outboxes = (dataDir: string): string[] => (existsSync(join(dataDir, 'outbox')) ? readdirSync(join(dataDir, 'outbox')) : []);

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline;) {
    if (await isTrue()) return;
    await delay(200);
  }
  throw new Error(`not within 30 s: ${what}`);
}
