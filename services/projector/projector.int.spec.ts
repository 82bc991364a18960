import { EventEmitter, once } from 'node:events';
import { jest } from '@jest/globals';
import {
  accesses,
  alertsPage,
  ClickHouse,
  partsOfEvents,
  projectedThrough,
  projectionRoot,
  sessionById,
  sessionEvents,
  sessionsPage,
  sessionsWithGaps,
  statementsOfSession,
  statementsPage,
  totals,
} from '#clickhouse';
import { LogGap, type LogRecord } from '#event-log';
import { eventId, serialize, topics } from '#events';
import { logger } from '#runtime';
import { ScriptedReader } from '../../test/clickhouse/scripted-reader.js';
import { SpawnedEngine } from '../../test/clickhouse/spawned-engine.js';
import { sessionId, threeSessions } from '../../test/clickhouse/story.js';
import { Projector } from './projector.js';

const engine = new SpawnedEngine();
const opened: ClickHouse[] = [];
const database = (name: string): ClickHouse => {
  const clickhouse = ClickHouse.at({ url: engine.url, user: engine.user, password: engine.password, database: name });
  opened.push(clickhouse);
  return clickhouse;
};
const lines: string[] = [];
const said = new EventEmitter();
const log = logger('projector', {
  write: (line) => {
    lines.push(line);
    said.emit((JSON.parse(line) as { msg: string }).msg);
  },
});
const tryingAgain = 'ClickHouse did not take it, trying again';
const never = new AbortController().signal;
jest.setTimeout(60_000);

interface Script {
  readonly pieces: readonly number[];
  readonly repeat?: number;
}
const project = async (clickhouse: ClickHouse, records: readonly LogRecord[], script: Script): Promise<Projector> => {
  const projector = new Projector({ reader: new ScriptedReader(records, script), clickhouse, log });
  await projector.run('end', never);
  return projector;
};

const story = threeSessions();
const whole = { pieces: [10_000] };

beforeAll(async () => {
  await engine.start();
});
afterAll(async () => {
  await Promise.all(opened.map((clickhouse) => clickhouse.close()));
  await engine.remove();
});

describe('what is projected', () => {
  let clickhouse: ClickHouse;
  beforeAll(async () => {
    clickhouse = database('story');
    await project(clickhouse, story.records, { pieces: [3, 1, 5] });
  });

  it('pages sessions, newest first', async () => {
    const newest = await sessionsPage(clickhouse, {}, { limit: 2 });
    expect(newest.map(({ session, status, statements }) => [session, status, statements])).toEqual([
      [sessionId(3), 'open', 2],
      [sessionId(2), 'closed', 3],
    ]);
    const rest = await sessionsPage(clickhouse, {}, { limit: 2, after: newest[1] });
    expect(rest.map(({ session }) => session)).toEqual([sessionId(1)]);
  });

  it.each([
    ['principal', { principal: 'billing-bot' }, [3, 1]],
    ['verdict', { verdict: 'deny' as const }, [2]],
    ['text, whatever its case', { text: 'grösse' }, []],
    ['text beyond ASCII', { text: 'größE' }, [1]],
    ['text and principal', { text: 'orders', principal: 'ann' }, [2]],
    ['since', { since: 1_790_000_000_036 }, [3]],
    ['until', { until: 1_790_000_000_036 }, [2, 1]],
    ['database', { database: 'other' }, []],
  ])('finds sessions by %s', async (_, filter, numbers) => {
    const found = await sessionsPage(clickhouse, filter, { limit: 10 });
    expect(found.map(({ session }) => session)).toEqual(numbers.map(sessionId));
  });

  it('gives a session back event by event, as it was written', async () => {
    const written = story.events.filter(({ session }) => session === sessionId(1));
    const read = await sessionEvents(clickhouse, sessionId(1), { limit: 100 });
    expect(read.map(({ canon }) => canon.toString('utf8'))).toEqual(written.map(serialize));
    const after = await sessionEvents(clickhouse, sessionId(1), { limit: 2, after: 3 });
    expect(after.map(({ seq }) => seq)).toEqual([4, 5]);
  });

  it('gives parts back, byte by byte', async () => {
    const decided = story.events.find(({ session, type }) => session === sessionId(1) && type === 'statement.decided');
    const [part] = await partsOfEvents(clickhouse, story.producer, [decided?.pseq ?? -1]);
    expect(part?.bytes.subarray(5).toString()).toBe('SELECT * FROM orders -- Größe\0');
    expect(part?.salt).toHaveLength(32);
  });

  it('shows statements with their own piece of the text', async () => {
    const statements = async (i: number) =>
      (await statementsOfSession(clickhouse, sessionId(i), { limit: 10 })).map(({ n, sql, outcome }) => [n, sql, outcome]);
    expect(await statements(1)).toEqual([
      [1, 'SELECT * FROM orders -- Größe', 'ok'],
      [3, 'SELECT * FROM orders WHERE id = $1', 'ok'],
      [4, 'SELECT * FROM orders WHERE id = $1', 'ok'],
    ]);
    expect(await statements(2)).toEqual([
      [1, "SELECT 'ä' FROM customers", 'ok'],
      [2, 'UPDATE orders SET a = 1', 'ok'],
      [3, null, 'refused'],
    ]);
    expect(await statements(3)).toEqual([
      [1, 'DELETE FROM orders', 'error'],
      [2, 'SELECT pg_sleep(10)', null],
    ]);
  });

  it('pages statements, newest first', async () => {
    const keys: string[] = [];
    let after: { at: number; session: string; n: number } | undefined;
    for (;;) {
      const page = await statementsPage(clickhouse, {}, { limit: 3, after });
      keys.push(...page.map(({ session, n }) => `${session.slice(-1)}/${n}`));
      after = page.at(-1);
      if (page.length < 3) break;
    }
    expect(keys).toEqual(['3/2', '2/3', '3/1', '1/4', '1/3', '2/2', '2/1', '1/1']);
  });

  it.each([
    ['text', { text: 'WHERE id' }, ['1/4', '1/3']],
    ['verdict', { verdict: 'deny' as const }, ['2/3']],
    ['relation', { relation: 'public.customers' }, ['2/1']],
    ['verb', { verb: 'DELETE' }, ['3/1']],
    ['text that is no pattern', { text: '%' }, []],
  ])('finds statements by %s', async (_, filter, keys) => {
    const found = await statementsPage(clickhouse, filter, { limit: 10 });
    expect(found.map(({ session, n }) => `${session.slice(-1)}/${n}`)).toEqual(keys);
  });

  it('reports who did what to which table, in totals that agree', async () => {
    const ever = { since: 0, until: 2_000_000_000_000 };
    const rows = await accesses(clickhouse, ever);
    expect(
      rows.map((row) => [
        row.subject,
        row.relation,
        row.access,
        row.verb,
        row.verdict,
        row.statements,
        row.failed,
        row.unfinished,
        row.masked,
        row.rows,
      ]),
    ).toEqual([
      ['ann', 'public.customers', 'read', 'SELECT', 'allow', 1, 0, 0, 0, 1],
      ['ann', 'public.orders', 'write', 'UPDATE', 'allow', 1, 0, 0, 0, 0],
      ['billing-bot', 'public.orders', 'read', 'DELETE', 'allow', 1, 1, 0, 0, 0],
      ['billing-bot', 'public.orders', 'read', 'SELECT', 'allow', 4, 0, 1, 2, 4],
      ['billing-bot', 'public.orders', 'write', 'DELETE', 'allow', 1, 1, 0, 0, 0],
    ]);
    expect(await totals(clickhouse, ever)).toEqual({ sessions: 3, statements: 8, allowed: 7, denied: 1, held: 0, rows: 5 });
    expect((await sessionsWithGaps(clickhouse, ever)).map(({ session }) => session)).toEqual([sessionId(3)]);
    expect(await totals(clickhouse, { since: 0, until: 1 })).toMatchObject({ sessions: 0, statements: 0 });
  });

  it('lists alerts', async () => {
    expect(await alertsPage(clickhouse, { principal: 'billing-bot' }, { limit: 10 })).toMatchObject([
      { rule: 'R01', session: sessionId(1), severity: 'high', eventTime: 1_790_000_000_070 },
    ]);
  });

  it('says how far it has come', async () => {
    const last = story.events.at(-1);
    const of = (topic: string) => story.records.filter((record) => record.topic === topic).length - 1;
    expect(await projectedThrough(clickhouse)).toEqual([
      {
        log: '019c0000-0000-7000-8000-0000000000bb',
        topic: topics.events,
        part: '019c0000-0000-7000-8000-0000000000bb',
        off: of(topics.events),
        producer: story.producer,
        pseq: last?.pseq,
        at: last?.at,
        undecodable: 0,
      },
    ]);
  });
});

describe('the projection', () => {
  let root: string;
  beforeAll(async () => {
    const clickhouse = database('whole');
    await project(clickhouse, story.records, whole);
    root = await projectionRoot(clickhouse);
  });

  it.each<[string, Script]>([
    ['two by two', { pieces: [2] }],
    ['in pieces of any length', { pieces: [7, 2, 11, 1, 3] }],
    ['with records that come again', { pieces: [4, 3], repeat: 9 }],
  ])('has the same root when its records come %s', async (_, script) => {
    const clickhouse = database(`cut_${script.pieces.length}_${script.repeat ?? 0}`);
    await project(clickhouse, story.records, script);
    expect(await projectionRoot(clickhouse)).toBe(root);
    await project(clickhouse, story.records, script);
    expect(await projectionRoot(clickhouse)).toBe(root);
  });

  it('has the same root when every part comes after all events', async () => {
    const clickhouse = database('late_parts');
    const isPart = ({ topic }: LogRecord): boolean => topic === topics.parts;
    await project(clickhouse, [...story.records.filter((record) => !isPart(record)), ...story.records.filter(isPart)], whole);
    expect(await projectionRoot(clickhouse)).toBe(root);
    expect((await statementsPage(clickhouse, { text: 'pg_sleep' }, { limit: 10 })).map(({ sql }) => sql)).toEqual([
      'SELECT pg_sleep(10)',
    ]);
  });

  it.each([0, 1, 2])('has the same root after a crash before the raw rows of piece %i are in', async (piece) => {
    const clickhouse = database(`crash_${piece}`);
    await clickhouse.migrate();
    const insert = clickhouse.insert.bind(clickhouse);
    let pieces = 0;
    const spy = jest.spyOn(clickhouse, 'insert').mockImplementation((table, rows, token) => {
      if (table === 'events' && pieces++ === piece) throw new Error('crash');
      return insert(table, rows, token);
    });
    await expect(project(clickhouse, story.records, { pieces: [12] })).rejects.toThrow('crash');
    spy.mockRestore();
    await project(clickhouse, story.records, { pieces: [5, 4] });
    expect(await projectionRoot(clickhouse)).toBe(root);
  });

  it('differs when one event differs', async () => {
    const other = threeSessions();
    other.say('session.closed', sessionId(3), { client: 1, server: 1, reason: 'client-gone', statements: 2 });
    const clickhouse = database('other');
    await project(clickhouse, other.records, whole);
    expect(await projectionRoot(clickhouse)).not.toBe(root);
    expect((await sessionById(clickhouse, sessionId(3)))?.reason).toBe('client-gone');
  });

  it('keeps what it cannot read, says so, and goes on', async () => {
    const clickhouse = database('undecodable');
    const future = Buffer.from(JSON.stringify({ ...story.events[0], type: 'session.dreamt' }));
    const strange: LogRecord[] = [
      { topic: topics.events, key: 'k', value: Buffer.from([0xff, 0, 0x0a, 0x0a]) },
      { topic: topics.events, key: 'k', value: future },
      { topic: topics.parts, key: 'k', value: Buffer.from('no part') },
    ];
    lines.length = 0;
    const projector = await project(clickhouse, [...strange, ...story.records], whole);
    expect(projector.undecodable).toBe(3);
    expect(lines.filter((line) => line.includes('cannot be read'))).toHaveLength(3);
    expect(await projectionRoot(clickhouse)).toBe(root);
    expect((await projectedThrough(clickhouse))[0]).toMatchObject({ undecodable: 2, pseq: story.events.at(-1)?.pseq });
  });

  it('ends rather than pass over a hole in the log', async () => {
    const clickhouse = database('hole');
    await project(clickhouse, story.records, whole);
    const reader = new ScriptedReader(story.records, whole);
    const holed = new Projector({ reader, clickhouse, log });
    reader.consume = async ({ from, each }) => {
      const offset = (await from(topics.events, reader.partition)) + 1;
      await each([{ topic: topics.events, key: 'k', value: Buffer.from('{}'), partition: reader.partition, offset }]);
    };
    await expect(holed.run('end', never)).rejects.toThrow(LogGap);
  });

  it('waits for a dead ClickHouse and misses nothing', async () => {
    const clickhouse = database('dead');
    await clickhouse.migrate();
    lines.length = 0;
    await engine.stop('SIGKILL');
    const waiting = once(said, tryingAgain);
    const projecting = project(clickhouse, story.records, { pieces: [9] });
    await Promise.race([waiting, projecting]);
    await engine.start();
    await projecting;
    expect(await projectionRoot(clickhouse)).toBe(root);
    expect(lines.some((line) => line.includes('answers again'))).toBe(true);
  });

  it('stops at once while ClickHouse is dead, when asked to', async () => {
    await engine.stop('SIGKILL');
    const stopping = new AbortController();
    const waiting = once(said, tryingAgain);
    const clickhouse = database('stopping');
    const running = new Projector({ reader: new ScriptedReader(story.records, whole), clickhouse, log }).run(
      'follow',
      stopping.signal,
    );
    await Promise.race([waiting, running]);
    stopping.abort();
    await running;
    await engine.start();
  });

  it('names its events by the ids of the log', async () => {
    const [event] = await sessionEvents(database('whole'), sessionId(1), { limit: 1 });
    expect(event && eventId(event)).toBe(`${story.producer}/1`);
  });
});
