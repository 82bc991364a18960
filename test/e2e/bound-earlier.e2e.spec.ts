import { request } from '#pgwire';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: private, when: { relations: ['private.*'] }, then: deny }
  - { name: mass-write, when: { unbounded: true }, then: hold, hold: { approvers: [approvers], wait: 1s, mode: retry } }
  - { name: precious, when: { relations: ['public.precious'] }, then: hold, hold: { approvers: [approvers], wait: 1s, mode: retry } }
  - { name: rest, when: {}, then: allow }
`;
const initSql = `
  CREATE TABLE item (id int PRIMARY KEY, name text);
  CREATE TABLE precious (id int);
  CREATE SCHEMA private; CREATE TABLE private.item (id int, name text); INSERT INTO private.item VALUES (1, 'secret');
  GRANT USAGE ON SCHEMA private TO ${login.name}; GRANT ALL ON ALL TABLES IN SCHEMA public, private TO ${login.name}`;

describe('what was decided when it was prepared or bound', () => {
  let world: World;
  let token: string;
  const open: RawClient[] = [];

  const connect = async (): Promise<RawClient> => {
    const client = await rawConnect(world, 'bot', token);
    open.push(client);
    return client;
  };
  const send = async (client: RawClient, ...messages: Buffer[]): Promise<string[]> => {
    client.send(...messages);
    return client.ready();
  };
  const run = (name: string, sql: string): Buffer[] => [
    request.parse('', sql),
    request.bind(name, '', []),
    request.execute(name, 0),
  ];
  const left = async (): Promise<number> => {
    const admin = await world.direct();
    const { rows } = await admin.query<{ n: number }>('SELECT count(*)::int AS n FROM item');
    await admin.end();
    return rows[0]?.n ?? -1;
  };

  beforeAll(async () => {
    world = await startWorld({ policy, initSql });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });
  beforeEach(async () => {
    const admin = await world.direct();
    await admin.query("TRUNCATE item; INSERT INTO item VALUES (1, 'public'), (2, 'public')");
    await admin.end();
  });

  it('runs nothing else under the name that an EXECUTE was prepared with', async () => {
    const client = await connect();
    await send(client, request.parse('n', 'SELECT 1'), request.sync());
    await send(client, request.parse('e', 'EXECUTE n'), request.sync());
    await send(client, request.close({ of: 'statement', name: 'n' }), request.parse('n', 'DELETE FROM item'), request.sync());
    const told = await send(client, request.bind('', 'e', []), request.execute('', 0), request.sync());
    expect([told, await left()]).toEqual([['E 42501', 'Z I'], 2]);
  });

  it('is waited for by an EXECUTE in the pipeline behind it, and decided on by one in its own', async () => {
    const client = await connect();
    client.send(request.parse('m', 'SELECT 1'), request.sync(), request.query('EXECUTE m'));
    expect(await client.ready(2)).toEqual(['1', 'Z I', 'T', 'D 1', 'C SELECT 1', 'Z I']);
    const told = await send(client, request.parse('o', 'SELECT 2'), ...run('', 'EXECUTE o'), request.sync());
    expect(told).toEqual(['1', '1', '2', 'D 2', 'C SELECT 1', 'Z I']);
    const held = await send(client, request.parse('d', 'DELETE FROM item'), ...run('', 'EXECUTE d'), request.sync());
    expect([held, await left()]).toEqual([['1', '1', 'E 42501', 'Z I'], 2]);
  });

  it('runs no statement unseen by EXPLAIN ANALYZE CREATE TABLE AS EXECUTE', async () => {
    const client = await connect();
    await send(client, request.parse('p', 'SELECT * FROM precious'), request.sync());
    const told = await send(client, request.query('EXPLAIN ANALYZE CREATE TEMP TABLE copied AS EXECUTE p'));
    expect(told).toEqual(['E 42501', 'Z I']);
  });

  it.each([
    ['a COPY', 'COPY item TO STDOUT'],
    ['an EXPLAIN', 'EXPLAIN VERBOSE SELECT * FROM item'],
    ['a cursor', 'DECLARE c CURSOR FOR SELECT * FROM item'],
    ['a query', 'SELECT * FROM item'],
  ])('reads no other table by %s once the search_path is another', async (_, sql) => {
    const client = await connect();
    await send(client, request.query('BEGIN'));
    await send(client, request.parse('', sql), request.bind('p', '', []), request.sync());
    await send(client, request.query('SET search_path = private'));
    const told = await send(client, request.execute('p', 0), request.sync());
    expect(told.filter((one) => one !== 'S')).toEqual(['E 0A000', 'Z E']);
    expect(await send(client, request.query('ROLLBACK'))).toEqual(['C ROLLBACK', 'Z I']);
  });
});
