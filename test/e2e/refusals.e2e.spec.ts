import { request } from '#pgwire';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: no-drop, when: { verbs: [DROP TABLE] }, then: deny }
  - { name: private, when: { relations: ['public.private'] }, then: hold, hold: { approvers: [a], wait: 1s, mode: retry } }
  - { name: rest, when: {}, then: allow }
`;
const initSql = `CREATE TABLE item (id int); CREATE TABLE private (id int);
  GRANT ALL ON item, private TO ${login.name}; GRANT ALL ON SCHEMA public TO ${login.name}`;

type Messages = readonly Buffer[];

const query = (sql: string): Messages => [request.query(sql)];
const run = (sql: string): Messages => [request.parse('', sql), request.bind('', '', []), request.execute('', 0)];
const insert = 'INSERT INTO item VALUES (1)';

/** What brings a session into a state; the last of it leaves no answer open. */
const states: Record<string, { readonly before: readonly Messages[]; readonly status: 'I' | 'T' | 'E' }> = {
  'in autocommit': { before: [], status: 'I' },
  'in a transaction': { before: [query('BEGIN'), query(insert)], status: 'E' },
  'in a transaction, behind a savepoint': { before: [query('BEGIN'), query(insert), query('SAVEPOINT s')], status: 'E' },
  'in a failed transaction': { before: [query('BEGIN'), query(insert), query('SELECT 1/0')], status: 'E' },
  'with a portal suspended': {
    before: [
      query('BEGIN'),
      query(insert),
      [request.parse('', 'SELECT generate_series(1, 9)'), request.bind('p', '', []), request.execute('p', 2), request.sync()],
    ],
    status: 'E',
  },
  'with a cursor open': {
    before: [query('BEGIN'), query(insert), query('DECLARE c CURSOR FOR SELECT 1'), query('FETCH c')],
    status: 'E',
  },
};

/** What is refused, and how: each ends in a ReadyForQuery of its own. */
const refused: Record<string, Messages> = {
  'a Query': query('DROP TABLE item'),
  'a Query of several statements': query(`${insert}; DROP TABLE item`),
  'an extended statement': [...run('DROP TABLE item'), request.sync()],
  'an extended statement with others around it': [...run(insert), ...run('DROP TABLE item'), ...run(insert), request.sync()],
  'an extended statement behind a Flush': [
    ...run(insert),
    request.flush(),
    ...run('DROP TABLE item'),
    request.flush(),
    ...run(insert),
    request.sync(),
  ],
  'a Query behind messages without a Sync': [...run(insert), request.query('DROP TABLE item')],
  'an EXECUTE': query('EXECUTE held'),
  'an extended EXECUTE': [...run('EXECUTE held'), request.sync()],
  'a Bind': [request.bind('', 'held', []), request.execute('', 0), request.sync()],
  'a COPY': query('COPY private FROM STDIN'),
  'an extended COPY': [...run('COPY private FROM STDIN'), request.sync()],
  'a COPY with its data': [...query('COPY private FROM STDIN'), request.copyData(Buffer.from('1\n')), request.copyDone()],
  'a cursor': query('DECLARE d CURSOR WITH HOLD FOR SELECT * FROM private'),
  'a FunctionCall': [Buffer.from([0x46, 0, 0, 0, 14, 0, 0, 4, 0xb8, 0, 0, 0, 0, 0, 0])],
};

describe('a refusal', () => {
  let world: World;
  let token: string;
  const open: RawClient[] = [];

  const connect = async (): Promise<RawClient> => {
    const client = await rawConnect(world, 'bot', token);
    open.push(client);
    return client;
  };
  const send = async (client: RawClient, messages: Messages): Promise<string[]> => {
    client.send(...messages);
    return client.ready();
  };

  beforeAll(async () => {
    world = await startWorld({ policy, initSql, durability: 'buffered' });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);
  afterEach(() => {
    for (const client of open.splice(0)) client.close();
  });

  const cases = Object.entries(states).flatMap(([state, how]) =>
    Object.entries(refused)
      // In a failed transaction the first of these fails, and the server skips the Query, as it skips all up to a Sync.
      .filter(([what]) => !(state === 'in a failed transaction' && what === 'a Query behind messages without a Sync'))
      .map(([what, messages]) => [what, state, how, messages] as const),
  );

  it.each(cases)('of %s %s has no effect, both sides agree on it, and the session goes on', async (_, __, how, messages) => {
    const client = await connect();
    await send(client, [request.parse('held', 'INSERT INTO private VALUES (1)'), request.sync()]);
    for (const before of how.before) await send(client, before);
    const told = await send(client, messages);
    expect([told.filter((one) => one.startsWith('E')), told.at(-1)]).toEqual([
      [expect.stringMatching(/^E (42501|25P02)$/)],
      `Z ${how.status}`,
    ]);
    if (how.status === 'E') {
      expect(await send(client, query('SELECT 1'))).toEqual(['E 25P02', 'Z E']);
      expect(await send(client, query('COMMIT'))).toEqual(['C ROLLBACK', 'Z I']);
    }
    expect((await send(client, query('SELECT 1'))).slice(1)).toEqual(['D 1', 'C SELECT 1', 'Z I']);
    expect(await send(client, query('SELECT count(*) FROM item'))).toContain('D 0');
    const admin = await world.direct();
    const { rows } = await admin.query(
      'SELECT (SELECT count(*)::int FROM item) AS item, (SELECT count(*)::int FROM private) AS private',
    );
    await admin.end();
    expect(rows).toEqual([{ item: 0, private: 0 }]);
  });

  it('of a Query in the midst of COPY data ends the COPY without an effect', async () => {
    const client = await connect();
    client.send(request.query('COPY item FROM STDIN'));
    await client.until((told) => told.includes('G'));
    client.send(request.copyData(Buffer.from('1\n')), request.query('DROP TABLE item'));
    expect((await client.ready()).at(-1)).toBe('Z I');
    client.send(request.copyDone());
    expect(await send(client, query('SELECT count(*) FROM item'))).toContain('D 0');
  });
});
