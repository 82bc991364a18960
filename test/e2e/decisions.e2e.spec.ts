import { setTimeout } from 'node:timers/promises';
import { request } from '#pgwire';
import { startVoter, type Voter } from './voter.js';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - name: private
    when: { relations: ['private.*'] }
    then: deny
  - name: unseen
    when: { risks: [function-unseen, view-function, trigger, domain-function, dynamic-sql] }
    then: deny
  - name: no-copies
    when: { verbs: [CREATE TABLE AS] }
    then: deny
  - name: settings-by-hand
    when: { writes: ['pg_catalog.pg_settings'] }
    then: allow
  - name: mass-write
    when: { unbounded: true }
    then: hold
    hold: { approvers: [approvers], wait: 1s }
  - name: rest
    when: {}
    then: allow
`;
const initSql = `
  CREATE TABLE item (id int PRIMARY KEY, name text);
  CREATE TABLE precious (id int PRIMARY KEY);
  CREATE TABLE watched (id int PRIMARY KEY);
  CREATE SCHEMA private; CREATE TABLE private.item (id int, name text); INSERT INTO private.item VALUES (1, 'secret');
  CREATE TABLE trace (what text);
  CREATE FUNCTION evil() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO trace VALUES ('evil'); RETURN 1; END $$;
  CREATE FUNCTION evil_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO trace VALUES ('trigger'); RETURN NEW; END $$;
  CREATE VIEW seen AS SELECT 1 AS one;
  CREATE TYPE mood AS ENUM ('sad');
  CREATE FUNCTION lower(mood) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO trace VALUES ('lower'); RETURN 'x'; END $$;
  CREATE FUNCTION checks(text) RETURNS bool LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO trace VALUES ('domain'); RETURN true; END $$;
  CREATE DOMAIN checked AS text CHECK (checks(VALUE));
  GRANT USAGE ON SCHEMA private TO ${login.name}; GRANT ALL ON ALL TABLES IN SCHEMA public, private TO ${login.name};
  GRANT ALL ON SCHEMA public TO ${login.name};`;

const anna = { by: { issuer: 'https://id.example', subject: 'anna' }, groups: ['approvers'] };

describe('what a client cannot talk the proxy into', () => {
  let world: World;
  let voter: Voter;
  let token: string;
  const open: RawClient[] = [];

  const connect = async (): Promise<RawClient> => {
    const client = await rawConnect(world, 'bot', token);
    open.push(client);
    return client;
  };
  const direct = async (sql: string): Promise<string> => {
    const admin = await world.direct();
    try {
      const result = await admin.query<Record<string, unknown>>(sql);
      return JSON.stringify(result.rows);
    } finally {
      await admin.end();
    }
  };
  const say = async (client: RawClient, ...texts: string[]): Promise<string[]> => {
    const told: string[] = [];
    for (const text of texts) {
      client.send(request.query(text));
      told.push(...(await client.ready()));
    }
    return told;
  };

  beforeAll(async () => {
    world = await startWorld({ policy, initSql });
    token = await world.token('bot', ['agents']);
    voter = await startVoter(world.dataDir);
  }, 60_000);
  afterAll(async () => {
    for (const client of open) client.close();
    await voter.close();
    await world.stop();
  }, 30_000);
  beforeEach(async () => {
    await direct(`TRUNCATE item, precious, trace; INSERT INTO item VALUES (1, 'public'), (2, 'public');
      INSERT INTO precious VALUES (1), (2)`);
  });

  it('a refusal in the extended protocol in autocommit is followed by ReadyForQuery', async () => {
    const client = await connect();
    client.send(
      request.parse('', 'SELECT * FROM private.item'),
      request.bind('', '', []),
      request.execute('', 0),
      request.sync(),
    );
    expect(await client.ready()).toEqual(['E 42501', 'Z I']);
  });

  it('does not run a held statement under a name that a PREPARE in flight gave to another', async () => {
    const client = await connect();
    client.send(
      request.query('PREPARE n AS SELECT 1'),
      request.close({ of: 'statement', name: 'n' }),
      request.parse('n', 'DELETE FROM item'),
      request.sync(),
    );
    await client.ready(2);
    client.send(request.bind('', 'n', []), request.execute('', 0), request.sync());
    await client.ready();
    expect(await direct('SELECT count(*)::int AS n FROM item')).toBe('[{"n":2}]');
  });

  it('does not run a held statement by an EXECUTE that was bound before its name was redefined', async () => {
    const client = await connect();
    client.send(request.parse('n', 'DELETE FROM item WHERE id = 99'), request.sync());
    await client.ready();
    client.send(request.parse('e', 'EXECUTE n'), request.sync());
    await client.ready();
    client.send(
      request.bind('', 'e', []),
      request.close({ of: 'statement', name: 'n' }),
      request.parse('n', 'DELETE FROM item'),
      request.execute('', 0),
      request.sync(),
    );
    await client.ready();
    expect(await direct('SELECT count(*)::int AS n FROM item')).toBe('[{"n":2}]');
  });

  it('does not run a function among the arguments of EXECUTE unseen', async () => {
    const client = await connect();
    const told = await say(client, 'PREPARE q(int) AS SELECT $1', 'EXECUTE q(evil())');
    expect([told.at(-2), await direct('SELECT * FROM trace')]).toEqual(['E 42501', '[]']);
  });

  it('decides CREATE TABLE AS EXECUTE as CREATE TABLE AS', async () => {
    const client = await connect();
    const told = await say(client, 'PREPARE q2 AS SELECT 1 AS one', 'CREATE TABLE copied AS EXECUTE q2');
    expect([told.at(-2), await direct("SELECT to_regclass('copied') AS copied")]).toEqual(['E 42501', '[{"copied":null}]']);
  });

  it('knows that COMMIT ends a SET LOCAL', async () => {
    const client = await connect();
    const told = await say(
      client,
      'SET search_path = private',
      'BEGIN',
      'SET LOCAL search_path = public',
      'COMMIT',
      'SELECT name FROM item WHERE id = 1',
    );
    expect(told.at(-2)).toBe('E 42501');
  });

  it('knows that COMMIT drops a temporary table made ON COMMIT DROP', async () => {
    const client = await connect();
    const told = await say(
      client,
      'BEGIN',
      'CREATE TEMP TABLE item (name text) ON COMMIT DROP',
      'SET search_path = private',
      'COMMIT',
      'SELECT name FROM item',
    );
    expect(told.at(-2)).toBe('E 42501');
  });

  it('knows what a SET changed whose portal was bound in one pipeline and executed in the next', async () => {
    const client = await connect();
    await say(client, 'BEGIN');
    client.send(request.parse('s', 'SET search_path = private'), request.bind('p', 's', []), request.sync());
    await client.ready();
    client.send(request.execute('p', 0), request.sync());
    await client.ready();
    const told = await say(client, 'SELECT name FROM item');
    expect(told).toContain('E 42501');
  });

  it('takes a write to a catalog for code that it cannot see into: UPDATE pg_settings is a SET', async () => {
    const client = await connect();
    const told = await say(client, "UPDATE pg_settings SET setting = 'private' WHERE name = 'search_path'");
    expect(told).toEqual(['E 42501', 'Z I']);
  });

  it('sees a view that was replaced elsewhere while the session was idle', async () => {
    const client = await connect();
    await say(client, 'SELECT * FROM seen');
    await direct('CREATE OR REPLACE VIEW seen AS SELECT evil() AS one');
    await setTimeout(2_500);
    const told = await say(client, 'SELECT * FROM seen');
    await direct('CREATE OR REPLACE VIEW seen AS SELECT 1 AS one');
    expect([told.at(-2), await direct('SELECT * FROM trace')]).toEqual(['E 42501', '[]']);
  });

  it('decides a prepared statement anew when another session has put a trigger on its table', async () => {
    const client = await connect();
    client.send(request.parse('w', 'INSERT INTO watched VALUES ($1)'), request.sync());
    await client.ready();
    await direct('CREATE TRIGGER t BEFORE INSERT ON watched FOR EACH ROW EXECUTE FUNCTION evil_trigger()');
    await setTimeout(1_200);
    await say(client, 'SELECT 1');
    await setTimeout(500);
    client.send(request.bind('', 'w', ['1']), request.execute('', 0), request.sync());
    const told = await client.ready();
    expect([told[0], await direct('SELECT * FROM trace')]).toEqual(['E 42501', '[]']);
  });

  it('spends an approval of EXECUTE only on the statement that the name stood for', async () => {
    const client = await connect();
    client.send(request.parse('gone', 'DELETE FROM item'), request.sync());
    await client.ready();
    await say(client, 'EXECUTE gone'); // 1 s, then reject-and-retry
    await voter.vote('granted', anna);
    await setTimeout(1_000);
    client.send(request.close({ of: 'statement', name: 'gone' }), request.parse('gone', 'DELETE FROM precious'), request.sync());
    await client.ready();
    await say(client, 'EXECUTE gone');
    expect(await direct('SELECT count(*)::int AS n FROM precious')).toBe('[{"n":2}]');
  });

  it('spends an approval that was given for a temporary table on no other table', async () => {
    const client = await connect();
    await say(client, 'CREATE TEMP TABLE precious (id int)', 'DELETE FROM precious');
    await voter.vote('granted', anna);
    await setTimeout(1_000);
    await say(client, 'DROP TABLE pg_temp.precious', 'DELETE FROM precious');
    expect(await direct('SELECT count(*)::int AS n FROM public.precious')).toBe('[{"n":2}]');
  });

  it('sends nothing of a CopyData message that began before the COPY but that message', async () => {
    const client = await connect();
    const inner = Buffer.concat([request.copyDone(), request.query('DELETE FROM precious'), request.query('SELECT 1')]);
    const data = request.copyData(Buffer.concat([Buffer.from('77\tx\n'), inner]));
    client.send(request.query('COPY item FROM STDIN'), data.subarray(0, 10));
    await client.until((told) => told.includes('G'));
    client.send(data.subarray(10));
    await setTimeout(1_000);
    expect(await direct('SELECT count(*)::int AS n FROM precious')).toBe('[{"n":2}]');
  });
});
