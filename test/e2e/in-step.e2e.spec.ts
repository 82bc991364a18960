import { setTimeout } from 'node:timers/promises';
import { request } from '#pgwire';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: no-drop, when: { verbs: [DROP TABLE] }, then: deny }
  - { name: careful, when: { writes: ['public.item'] }, then: allow, durability: strict }
  - { name: rest, when: {}, then: allow }
`;

describe('a session stays in step with its server', () => {
  let world: World;
  let token: string;
  const open: RawClient[] = [];
  const connect = async (): Promise<RawClient> => {
    const client = await rawConnect(world, 'bot', token);
    open.push(client);
    return client;
  };
  const say = async (client: RawClient, ...texts: string[]): Promise<string[]> => {
    const told: string[] = [];
    for (const text of texts) {
      client.send(request.query(text));
      told.push(...(await client.ready()));
    }
    return told;
  };
  const direct = async (sql: string): Promise<string> => {
    const admin = await world.direct();
    const result = await admin.query<Record<string, unknown>>(sql);
    await admin.end();
    return JSON.stringify(result.rows);
  };

  beforeAll(async () => {
    world = await startWorld({
      policy,
      durability: 'buffered',
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text); GRANT ALL ON item TO ${login.name}; GRANT ALL ON SCHEMA public TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  it("keeps the client's unnamed statement over its own question", async () => {
    const client = await connect();
    client.send(request.parse('set', 'SET search_path = public'), request.parse('', 'SELECT 7'), request.sync());
    await client.ready();
    client.send(request.bind('p', 'set', []), request.execute('p', 0), request.sync());
    await client.ready();
    client.send(request.bind('', '', []), request.execute('', 0), request.sync());
    expect(await client.ready()).toContain('C SELECT 1');
  });

  it('and lets its client choose an isolation level, or lock a table, behind a SET: it asks nothing that takes a snapshot', async () => {
    const client = await connect();
    const told = await say(
      client,
      'BEGIN',
      'SET search_path = public',
      'SET TRANSACTION ISOLATION LEVEL REPEATABLE READ',
      'LOCK TABLE item IN SHARE MODE',
    );
    expect(told.filter((one) => one !== 'S')).toEqual(['C BEGIN', 'Z T', 'C SET', 'Z T', 'C SET', 'Z T', 'C LOCK TABLE', 'Z T']);
    expect(await direct("SELECT count(backend_xmin)::int AS snapshots FROM pg_stat_activity WHERE usename = 'app_login'")).toBe(
      '[{"snapshots":0}]',
    );
  });

  it.each<[string, Buffer[]]>([
    ['3,000 statements in one string', [request.query("INSERT INTO item VALUES (77, 'x');".repeat(3_000))]],
    [
      '65,535 parameter types',
      [
        request.parse(
          '',
          "INSERT INTO item VALUES (77, 'x')",
          Array.from({ length: 65_535 }, () => 1043),
        ),
        request.bind('', '', []),
        request.execute('', 0),
        request.sync(),
      ],
    ],
  ])('when it refuses %s, of which no record could tell', async (_, messages) => {
    const client = await connect();
    client.send(...messages);
    expect(await client.ready()).toEqual(['E 54000', 'Z I']);
    await say(client, 'BEGIN');
    client.send(...messages);
    expect(await client.ready()).toEqual(['E 54000', 'Z E']);
    expect(await say(client, 'ROLLBACK', 'SELECT 1')).toContain('C SELECT 1');
    expect(await direct('SELECT count(*)::int AS n FROM item WHERE id = 77')).toBe('[{"n":0}]');
  });

  it('when a Query follows an error that was not synced', async () => {
    const client = await connect();
    client.send(request.parse('', 'SELECT nothing_here'), request.flush());
    await client.until((told) => told.some((one) => one.startsWith('E')));
    client.send(request.query('SELECT 1'), request.sync());
    expect(await client.ready()).toEqual(['Z I']);
    expect(await say(client, 'SET search_path = public')).toContain('C SET');
    expect(await say(client, 'SELECT 1')).toContain('C SELECT 1');
  });

  it('when a COPY fails while a CopyData message is on its way', async () => {
    const client = await connect();
    client.send(request.query('COPY item FROM STDIN'));
    await client.until((told) => told.includes('G'));
    const data = request.copyData(Buffer.from('1\tx\n'.repeat(50_000)));
    const bad = request.copyData(Buffer.from('not a number\tx\n'));
    client.send(bad, data.subarray(0, 70_000));
    await client.until((told) => told.some((one) => one.startsWith('E')));
    client.send(data.subarray(70_000), request.copyDone());
    await client.until((told) => told.includes('Z I'), 2_000).catch(() => []);
    expect(await say(client, 'SELECT 1')).toContain('C SELECT 1');
  });

  it('when the data of a COPY is sent behind it without waiting', async () => {
    const client = await connect();
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i + 1000}\tx${i}\n`).join('');
    client.send(request.query('COPY item FROM STDIN'), request.copyData(Buffer.from(rows)), request.copyDone());
    expect((await client.ready()).at(-2)).toBe('C COPY 20000');
  });

  it('when its temporary tables have long names', async () => {
    const client = await connect();
    client.send(
      request.query(
        `DO $$ BEGIN FOR i IN 1..600 LOOP EXECUTE format('CREATE TEMP TABLE %I (id int)', repeat('t', 55) || i); END LOOP; END $$`,
      ),
    );
    await client.ready(1, 20_000);
    expect(await say(client, 'SELECT 1')).toContain('C SELECT 1');
  });

  it('and each statement has the durability that its rule asks for', async () => {
    const client = await connect();
    await say(client, "INSERT INTO item VALUES (1, 'one')");
    const { events } = await world.record();
    const decided = events.flatMap((event) => (event.type === 'statement.decided' ? [event.data] : []));
    expect(decided.filter(({ rule }) => rule === 'careful').at(-1)?.durability).toBe('strict');
  });

  it('when a pipeline is refused in its middle, in every state', async () => {
    const client = await connect();
    const drop = [request.parse('', 'DROP TABLE item'), request.bind('', '', []), request.execute('', 0)];
    const one = [request.parse('', 'SELECT 1'), request.bind('', '', []), request.execute('', 0)];
    client.send(...one, ...drop, ...one, request.sync(), ...one, request.sync());
    expect(await client.ready(2)).toEqual(
      ['1', '2', 'D 1', 'C SELECT 1', 'E 42501', 'Z I', '1', '2', 'D 1', 'C SELECT 1', 'Z I'].map((x) =>
        x.startsWith('D') ? (expect.stringMatching(/^D/) as unknown as string) : x,
      ),
    );
    await say(client, 'BEGIN');
    client.send(...drop, request.sync(), request.query('ROLLBACK'));
    expect(await client.ready(2)).toEqual(['E 42501', 'Z E', 'C ROLLBACK', 'Z I']);
    client.send(...one, request.flush());
    await client.until((told) => told.includes('C SELECT 1'));
    client.send(...drop, request.flush(), request.sync());
    expect(await client.ready()).toEqual(['E 42501', 'Z I']);
    await say(client, 'BEGIN', 'SELECT 1/0');
    client.send(...drop, request.sync());
    expect((await client.ready())[0]).toMatch(/^E (42501|25P02)$/);
    client.send(request.query('ROLLBACK'));
    expect(await client.ready()).toEqual(['C ROLLBACK', 'Z I']);
    expect(await direct("SELECT to_regclass('item') AS item")).toBe('[{"item":"item"}]');
  });

  it('when a refusal meets a suspended portal', async () => {
    const client = await connect();
    await say(client, 'BEGIN');
    client.send(
      request.parse('', 'SELECT generate_series(1, 5)'),
      request.bind('p', '', []),
      request.execute('p', 2),
      request.sync(),
    );
    await client.ready();
    client.send(request.query('DROP TABLE item'));
    expect(await client.ready()).toEqual(['E 42501', 'Z E']);
    client.send(request.execute('p', 2), request.sync());
    expect((await client.ready()).at(-1)).toBe('Z E');
    expect(await say(client, 'ROLLBACK', 'SELECT 1')).toContain('C SELECT 1');
  });
});

describe('the record of a client that does not wait', () => {
  let world: World;
  let token: string;
  beforeEach(async () => {
    world = await startWorld({
      policy,
      initSql: `CREATE TABLE item (id int PRIMARY KEY, name text); GRANT ALL ON item TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterEach(() => world.stop(), 30_000);

  it('is whole when it hangs up right behind a refused statement', async () => {
    for (let i = 0; i < 3; i++) {
      const client = await rawConnect(world, 'bot', token);
      client.send(request.query('DROP TABLE item'));
      client.socket.end();
    }
    await setTimeout(300);
    expect(await world.unaccounted()).toEqual([]);
  });

  it('is whole when it hangs up right behind a statement that waits for its record', async () => {
    for (let i = 0; i < 3; i++) {
      const client = await rawConnect(world, 'bot', token);
      client.send(request.query('SELECT 1'));
      client.socket.end();
    }
    await setTimeout(300);
    expect(await world.unaccounted()).toEqual([]);
    const { events } = await world.record();
    const decided = events.filter(({ type }) => type === 'statement.decided').length;
    expect(events.filter(({ type }) => type === 'statement.completed')).toHaveLength(decided);
  });

  it('holds no literal of a text that does not parse outside of its parts', async () => {
    const client = await rawConnect(world, 'bot', token);
    client.send(request.query("ALTER USER bot PASSWORD 'old' 'canary-password'"));
    await client.ready();
    client.close();
    expect(await world.unaccounted()).toEqual([]);
    const { events } = await world.record();
    expect(JSON.stringify(events)).not.toContain('canary-password');
  });

  it('is in order when COPY data does not wait for CopyInResponse', async () => {
    const client = await rawConnect(world, 'bot', token);
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i}\tx${i}\n`).join('');
    client.send(request.query('COPY item FROM STDIN'), request.copyData(Buffer.from(rows)), request.copyDone());
    await client.ready();
    client.close();
    expect(await world.unaccounted()).toEqual([]);
  });

  it('is whole when it interleaves everything, Flush without Sync, unknown names, notices and notifications', async () => {
    const client = await rawConnect(world, 'bot', token);
    client.send(request.query('LISTEN c'), request.query(''), request.query('SELECT 1; SELECT 2'), request.query('NOTIFY c'));
    await client.ready(4);
    client.send(
      request.parse('a', 'SELECT $1::int, repeat($2, 300000)'),
      request.describe({ of: 'statement', name: 'a' }),
      request.bind('p', 'a', ['1', 'x']),
      request.describe({ of: 'portal', name: 'p' }),
      request.execute('p', 1),
      request.close({ of: 'portal', name: 'p' }),
      request.close({ of: 'statement', name: 'nobody' }),
      request.flush(),
      request.parse('', 'DROP TABLE item'),
      request.execute('p', 1),
      request.sync(),
      request.bind('', 'nobody', []),
      request.flush(),
      request.flush(),
      request.sync(),
      request.sync(),
    );
    await client.ready(3).catch(() => undefined);
    client.send(request.query('DO $$ BEGIN RAISE NOTICE $n$x$n$; PERFORM pg_terminate_backend(pg_backend_pid()); END $$'));
    await setTimeout(500);
    client.close();
    expect(await world.unaccounted()).toEqual([]);
  });
});
