import { once } from 'node:events';
import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import type pg from 'pg';
import copy from 'pg-copy-streams';
import Cursor from 'pg-cursor';
import type { Event } from '#events';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

describe('a session through the proxy', () => {
  let world: World;
  let token: string;
  const open: pg.Client[] = [];

  const connect = async (): Promise<pg.Client> => {
    const client = await world.connect('bot', token);
    open.push(client);
    return client;
  };
  const outcomeOf = async (query: Promise<unknown>): Promise<unknown> =>
    query.then(
      () => 'ok',
      (error: unknown) => (error as { code?: string }).code,
    );

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text);
        INSERT INTO item SELECT g, 'item ' || g FROM generate_series(1, 1000) g;
        GRANT ALL ON item TO ${login.name}; GRANT ALL ON SCHEMA public TO ${login.name};`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(async () => {
    for (const client of open) void client.end();
    await world.stop();
  }, 30_000);

  it('runs simple and prepared statements as the login of its role', async () => {
    const client = await connect();
    expect((await client.query('SELECT current_user')).rows).toEqual([{ current_user: login.name }]);
    expect((await client.query('SELECT name FROM item WHERE id = $1', [7])).rows).toEqual([{ name: 'item 7' }]);
    for (const id of [1, 2]) {
      const query = { name: 'by id', text: 'SELECT name FROM item WHERE id = $1', values: [id] };
      expect((await client.query(query)).rows).toEqual([{ name: `item ${id}` }]);
    }
  });

  it('knows what was made before it began, though another session read the catalog just before that', async () => {
    await (await connect()).query('SELECT 1');
    const admin = await world.direct();
    await admin.query(`CREATE TABLE just_made (id int); GRANT SELECT ON just_made TO ${login.name}`);
    await admin.end();
    expect((await (await connect()).query('SELECT id FROM just_made')).rows).toEqual([]);
  });

  it('refuses a denied statement, and the next one works', async () => {
    const client = await connect();
    const refused = client.query('DROP TABLE item');
    await expect(refused).rejects.toMatchObject({ code: '42501' });
    const { detail } = (await refused.catch((error: unknown) => error)) as { detail: string };
    expect(JSON.parse(detail)).toEqual({
      decision: 'deny',
      rule: 'no-drop',
      statement: expect.stringMatching(/\/0$/) as string,
      retry: false,
    });
    expect((await client.query('SELECT count(*)::int AS n FROM item')).rows).toEqual([{ n: 1000 }]);
  });

  it('rolls back the transaction of a denied statement on both sides', async () => {
    const client = await connect();
    await client.query('BEGIN');
    await client.query("INSERT INTO item VALUES (5000, 'never')");
    expect(await outcomeOf(client.query('DROP TABLE item'))).toBe('42501');
    expect(await outcomeOf(client.query('SELECT 1'))).toBe('25P02');
    await client.query('ROLLBACK');
    expect((await client.query('SELECT id FROM item WHERE id = 5000')).rows).toEqual([]);
  });

  it('refuses a denied statement of the extended protocol in a transaction', async () => {
    const client = await connect();
    await client.query('BEGIN');
    expect(await outcomeOf(client.query({ text: 'DROP TABLE item', name: 'dropping' }))).toBe('42501');
    expect(await outcomeOf(client.query('SELECT $1::int', [1]))).toBe('25P02');
    await client.query('ROLLBACK');
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }]);
  });

  it('refuses a string of several statements whole', async () => {
    const client = await connect();
    expect(await outcomeOf(client.query("INSERT INTO item VALUES (6000, 'x'); DROP TABLE item"))).toBe('42501');
    expect((await client.query('SELECT id FROM item WHERE id = 6000')).rows).toEqual([]);
  });

  it('answers a syntax error as Postgres would, and sends nothing', async () => {
    const client = await connect();
    await expect(client.query('SELECT 1 FROM WHERE')).rejects.toMatchObject({
      code: '42601',
      message: 'syntax error at or near "WHERE"',
      position: '15',
    });
  });

  it("passes on the server's own errors", async () => {
    const client = await connect();
    await expect(client.query('SELECT 1/0')).rejects.toMatchObject({ code: '22012', message: 'division by zero' });
    await expect(client.query('SELECT nothing_here')).rejects.toMatchObject({ code: '42703', position: '8' });
  });

  it('reads through a cursor of the protocol in portions', async () => {
    const client = await connect();
    const cursor = client.query(new Cursor('SELECT id FROM item ORDER BY id'));
    expect(await cursor.read(2)).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await cursor.read(1)).toEqual([{ id: 3 }]);
    await cursor.close();
  });

  it('reads through an SQL cursor', async () => {
    const client = await connect();
    await client.query('BEGIN');
    await client.query('DECLARE c CURSOR FOR SELECT id FROM item ORDER BY id');
    expect((await client.query('FETCH 2 FROM c')).rows).toEqual([{ id: 1 }, { id: 2 }]);
    expect(await outcomeOf(client.query('FETCH 1 FROM d'))).toBe('34000');
    await client.query('ROLLBACK');
  });

  it('runs SQL PREPARE and EXECUTE, and knows no other name', async () => {
    const client = await connect();
    await client.query('PREPARE q(int) AS SELECT name FROM item WHERE id = $1');
    expect((await client.query('EXECUTE q(3)')).rows).toEqual([{ name: 'item 3' }]);
    expect(await outcomeOf(client.query('EXECUTE r(3)'))).toBe('26000');
  });

  it('copies in and out', async () => {
    const client = await connect();
    await client.query('CREATE TEMP TABLE loaded (id int, name text)');
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i}\trow ${i}\n`);
    await pipeline(Readable.from(rows), client.query(copy.from('COPY loaded FROM STDIN')));
    let bytes = 0;
    const sink = new Writable({
      write: (chunk: Buffer, _, done) => {
        bytes += chunk.length;
        done();
      },
    });
    await pipeline(client.query(copy.to('COPY loaded TO STDOUT')), sink);
    expect(bytes).toBe(rows.join('').length);
  });

  it('copies by the extended protocol, whose client sends Sync before it knows that data is wanted', async () => {
    const client = await connect();
    expect(await outcomeOf(client.query({ name: 'nowhere', text: 'COPY item (nothing) FROM STDIN' }))).toBe('42703');
    expect((await client.query('SELECT $1::int AS one', [1])).rows).toEqual([{ one: 1 }]);
    // node-postgres answers CopyInResponse with CopyFail, and then forgets to sync, whatever it is connected to.
    expect(await outcomeOf(client.query({ name: 'copying', text: 'COPY item FROM STDIN' }))).toBe('57014');
  });

  it('fails a copy whose data is broken, and goes on', async () => {
    const client = await connect();
    await client.query('CREATE TEMP TABLE broken (id int)');
    await expect(
      pipeline(Readable.from(['1\n', 'x\n']), client.query(copy.from('COPY broken FROM STDIN'))),
    ).rejects.toMatchObject({
      code: '22P02',
    });
    expect((await client.query('SELECT count(*)::int AS n FROM broken')).rows).toEqual([{ n: 0 }]);
  });

  it('returns a result beyond what is kept, whole', async () => {
    const client = await connect();
    const { rows } = await client.query<{ pad: string }>("SELECT repeat('x', 1000) AS pad FROM generate_series(1, 3000)");
    expect(rows.length).toBe(3000);
    expect((await client.query<{ pad: string }>("SELECT repeat('y', 9000000) AS pad")).rows[0]?.pad.length).toBe(9_000_000);
  });

  it('decides a pipeline of several statements, and drops what follows a refused one up to its Sync', async () => {
    const client = await connect();
    const outcomes = await Promise.all(
      ['SELECT 1', "INSERT INTO item VALUES (7000, 'x')", 'DROP TABLE item', 'SELECT 2'].map((sql) =>
        outcomeOf(client.query(sql)),
      ),
    );
    expect(outcomes).toEqual(['ok', 'ok', '42501', 'ok']);
    await client.query('DELETE FROM item WHERE id = 7000');
  });

  it('refuses settings under which it would read other SQL than the server', async () => {
    const client = await connect();
    const gone = new Promise((resolve) => client.once('end', resolve));
    expect(await outcomeOf(client.query('SET standard_conforming_strings = off'))).not.toBe('ok');
    await gone;
  });

  it('cancels what runs', async () => {
    const client = await connect();
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    const running = outcomeOf(client.query('SELECT pg_sleep(30)'));
    await until(async () => (await activity(client)) === 'active');
    await cancel(processID, secretKey);
    expect(await running).toBe('57014');
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  });

  it('stops what runs for a client that vanishes', async () => {
    const client = await connect();
    const { processID } = client as unknown as { processID: number };
    const running = outcomeOf(client.query('SELECT pg_sleep(30)'));
    await until(async () => (await activity(client)) === 'active');
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    await running;
    await until(async () => {
      const admin = await world.direct();
      const { rowCount } = await admin.query('SELECT 1 FROM pg_stat_activity WHERE pid = $1', [processID]);
      await admin.end();
      return rowCount === 0;
    });
  });

  it.each([
    ['a wrong token', 'spt_0000000000000000_wrong', 'bot', 'app', '28P01'],
    ['another name than the token says', undefined, 'root', 'app', '28000'],
    ['an unknown database', undefined, 'bot', 'nowhere', '3D000'],
  ])('refuses %s', async (_, wrong, user, database, code) => {
    await expect(world.connect(user, wrong ?? token, database)).rejects.toMatchObject({ code });
  });

  it('refuses a principal without a role', async () => {
    const stranger = await world.token('stranger', ['nobody']);
    await expect(world.connect('stranger', stranger)).rejects.toMatchObject({ code: '28000' });
  });

  it('records the decision before the answer, and never a token or a password', async () => {
    const { events, parts } = await world.record();
    const text = JSON.stringify(events) + parts.map(({ bytes }) => bytes.toString('latin1')).join('\n');
    expect(text).not.toContain(token);
    expect(text).not.toContain(login.password);
    for (const id of new Set(events.map(({ session }) => session))) {
      const own = events.filter(({ session }) => session === id);
      expect(own.map(({ seq }) => seq)).toEqual(own.map((_, i) => i));
    }
    expect(events.map(({ pseq }: Event) => pseq)).toEqual(events.map((_, i) => i));
  });

  const activity = async (client: pg.Client): Promise<string | undefined> => {
    const { processID } = client as unknown as { processID: number };
    const admin = await world.direct();
    const { rows } = await admin.query<{ state: string }>('SELECT state FROM pg_stat_activity WHERE pid = $1', [processID]);
    await admin.end();
    return rows[0]?.state;
  };
  const cancel = async (pid: number, secret: number): Promise<void> => {
    const { Socket } = await import('node:net');
    const socket = new Socket().connect(world.tap.port, '127.0.0.1');
    await once(socket, 'connect');
    const packet = Buffer.alloc(16);
    packet.writeInt32BE(16, 0);
    packet.writeInt32BE(80_877_102, 4);
    packet.writeInt32BE(pid, 8);
    packet.writeInt32BE(secret, 12);
    socket.end(packet);
    await once(socket, 'close');
  };
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error('it did not come to pass within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
