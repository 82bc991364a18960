import type pg from 'pg';
import type { Event, EventOf } from '#events';
import { request } from '#pgwire';
import { steps } from '#replay';
import { rawConnect } from './raw-client.js';
import { closedRecording } from './recording.js';
import { login, startWorld, type World } from './world.js';

const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
  - { name: lead, groups: [leads], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: everything, when: {}, then: allow }
masks:
  - column: public.person.tax
    mask: partial
    keep: { last: 4 }
    exempt: { groups: [leads] }
`;

const secret = '536-90-4421';

describe('a session on a database with masks', () => {
  let world: World;
  let token: string;
  const open: pg.Client[] = [];

  const connect = async (user = 'bot', as = token): Promise<pg.Client> => {
    const client = await world.connect(user, as);
    open.push(client);
    return client;
  };
  const failure = async (
    query: Promise<unknown>,
  ): Promise<{ code?: string; message?: string; hint?: string; position?: string }> =>
    query.then(
      () => ({}),
      (error: unknown) => error as { code?: string },
    );

  beforeAll(async () => {
    world = await startWorld({
      policy,
      initSql: `CREATE TABLE person (id int PRIMARY KEY, name text, tax text, mood text);
        INSERT INTO person VALUES (1, 'Ann', '${secret}', 'well'), (2, 'Bob', '412-73-8859', 'tired');
        CREATE TABLE memo (id int, body text);
        INSERT INTO memo VALUES (1, 'caller gave ${secret}, ann@x.example and 4556 3107 8842 9176'), (2, 'ref 12345678901234');
        CREATE TYPE key AS (id int);
        CREATE TABLE call (id int PRIMARY KEY, person int);
        CREATE FUNCTION tell() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          RAISE NOTICE 'from %', (SELECT tax FROM person WHERE id = NEW.person); RETURN NEW; END $$;
        CREATE CONSTRAINT TRIGGER tell AFTER INSERT ON call DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION tell();
        GRANT ALL ON ALL TABLES IN SCHEMA public TO ${login.name};`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(async () => {
    for (const client of open) void client.end();
    await world.stop();
  }, 30_000);

  it('shows a masked column as it may be shown, in every form of query', async () => {
    const client = await connect();
    const shown = [{ name: 'Ann', tax: '*******4421' }];
    expect((await client.query('SELECT name, tax FROM person WHERE id = 1')).rows).toEqual(shown);
    expect((await client.query('SELECT name, tax FROM person WHERE id = $1', [1])).rows).toEqual(shown);
    const named = { name: 'by id', text: 'SELECT name, tax FROM person WHERE id = $1', values: [1] };
    expect((await client.query(named)).rows).toEqual(shown);
    expect((await client.query(named)).rows).toEqual(shown);
    await client.query('PREPARE p AS SELECT name, tax FROM person WHERE id = 1');
    expect((await client.query('EXECUTE p')).rows).toEqual(shown);
    await client.query('BEGIN');
    await client.query('DECLARE c CURSOR FOR SELECT name, tax FROM person ORDER BY id');
    expect((await client.query('FETCH 1 FROM c')).rows).toEqual(shown);
    await client.query('COMMIT');
  });

  it('shows it in full to whom the policy exempts', async () => {
    const lead = await connect('lead', await world.token('lead', ['leads']));
    expect((await lead.query('SELECT tax FROM person WHERE id = 1')).rows).toEqual([{ tax: secret }]);
  });

  it('refuses what it cannot mask, says what to do instead, and the next statement works', async () => {
    const client = await connect();
    const refused = await failure(client.query('COPY person TO STDOUT'));
    expect({ code: refused.code, hint: refused.hint }).toEqual({
      code: '42501',
      hint: 'Use COPY (SELECT … FROM person) TO STDOUT.',
    });
    await client.query('BEGIN');
    expect(await failure(client.query('UPDATE person SET mood = tax'))).toMatchObject({ code: '42501' });
    expect(await failure(client.query('SELECT 1'))).toMatchObject({ code: '25P02' });
    await client.query('ROLLBACK');
    expect((await client.query("UPDATE person SET mood = 'fine' WHERE id = 1 RETURNING mood")).rows).toEqual([{ mood: 'fine' }]);
  });

  it('lets a session keep what it may see in a temporary table of its own', async () => {
    const client = await connect();
    expect(await failure(client.query('CREATE TEMP TABLE kept AS SELECT tax FROM person'))).toMatchObject({ code: '42501' });
    await client.query('CREATE TEMP TABLE kept AS SELECT id, name FROM person');
    await client.query("INSERT INTO kept VALUES (3, 'Cid')");
    expect((await client.query('SELECT name FROM kept ORDER BY id')).rows).toEqual([
      { name: 'Ann' },
      { name: 'Bob' },
      { name: 'Cid' },
    ]);
    await client.query('DROP TABLE kept');
  });

  it("gives the position of an error in the client's own text", async () => {
    const client = await connect();
    const text = "SELECT 'naïve ☃', tax FROM person AS p WHERE p.nothing = 1";
    expect(await failure(client.query(text))).toMatchObject({ code: '42703', position: String(text.indexOf('p.nothing') + 1) });
  });

  it('withholds the words of an error that may quote a masked value, and keeps its SQLSTATE', async () => {
    const client = await connect();
    expect(await failure(client.query('SELECT tax::int FROM person'))).toMatchObject({
      code: '22P02',
      message: expect.stringContaining('withheld') as string,
    });
  });

  it('withholds what code that nobody has seen says, also when it runs as a Sync commits', async () => {
    const client = await connect();
    const heard: string[] = [];
    client.on('notice', ({ message }) => heard.push(message ?? ''));
    await client.query('INSERT INTO call VALUES ($1, 1)', [1]);
    await client.query('INSERT INTO call VALUES (2, 1)');
    const withheld: unknown = expect.stringContaining('words are withheld');
    expect(heard).toEqual([withheld, withheld]);
  });

  it('runs a prepared statement no more once its names mean another table', async () => {
    const client = await connect();
    await client.query('CREATE TEMP TABLE person (id int, name text, tax text, mood text)');
    await client.query('PREPARE own AS SELECT tax FROM person');
    await client.query('CREATE TEMP TABLE another (id int)');
    expect((await client.query('EXECUTE own')).rows).toEqual([]);
    await client.query('DROP TABLE person');
    expect(await failure(client.query('EXECUTE own'))).toMatchObject({ code: '0A000' });
    expect((await client.query('SELECT tax FROM person WHERE id = 1')).rows).toEqual([{ tax: '*******4421' }]);
  });

  it.each(['COPY (SELECT tax FROM person) TO STDOUT', 'PREPARE again AS SELECT tax FROM person', 'EXECUTE own'])(
    'refuses a portal of %s once another one has changed what its names mean',
    async (text) => {
      const raw = await rawConnect(world, 'bot', token);
      for (const sql of [
        'CREATE TEMP TABLE person (id int, name text, tax text, mood text)',
        'PREPARE own AS SELECT tax FROM person',
      ]) {
        raw.send(request.query(sql));
        await raw.ready();
      }
      raw.send(request.parse('late', text), request.parse('drop', 'DROP TABLE person'), request.bind('late', 'late', []));
      raw.send(request.bind('drop', 'drop', []), request.execute('drop', 0), request.execute('late', 0), request.sync());
      expect((await raw.ready()).filter((one) => /^[dDEZ]/.test(one))).toEqual(['E 0A000', 'Z I']);
      raw.close();
    },
  );

  it('refuses a parameter of a type of the database', async () => {
    const client = await connect();
    const owner = await world.direct();
    const { rows } = await owner.query<{ oid: number }>("SELECT 'key'::regtype::oid::int AS oid");
    await owner.end();
    const query = { text: 'SELECT $1::text', values: ['(1)'], types: [rows[0]?.oid] } as unknown as pg.QueryConfig;
    expect(await failure(client.query(query))).toMatchObject({ code: '42501' });
  });

  it('asks to prepare again when the table has changed since', async () => {
    const client = await connect();
    const named = { name: 'changing', text: 'SELECT * FROM person WHERE id = $1', values: [2] };
    expect((await client.query(named)).rows).toEqual([{ id: 2, name: 'Bob', tax: '*******8859', mood: 'tired' }]);
    const owner = await world.direct();
    await owner.query('ALTER TABLE person ADD COLUMN extra text');
    await owner.end();
    for (const deadline = Date.now() + 8_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
      const failed = await failure(client.query(named));
      if (failed.code === '0A000') break;
      if (Date.now() > deadline) throw new Error(`it still runs: ${JSON.stringify(failed)}`);
    }
    const anew = { ...named, name: 'changed' };
    expect((await client.query(anew)).rows).toEqual([{ id: 2, name: 'Bob', tax: '*******8859', mood: 'tired', extra: null }]);
  });

  it('covers what looks like a masked value wherever it lies, and leaves what does not', async () => {
    const client = await connect();
    expect((await client.query('SELECT body FROM memo ORDER BY id')).rows).toEqual([
      { body: 'caller gave ***-**-****, ***@*.******* and **** **** **** ****' },
      { body: 'ref 12345678901234' },
    ]);
  });

  it('marks exactly the cells that come from a masked column, whatever they are called', async () => {
    const user = 'marked';
    const client = await world.connect(user, await world.token(user, ['agents']));
    await client.query('SELECT tax AS name, name AS tax FROM person WHERE id = 1');
    await client.query({
      text: 'SELECT p.*, length(tax) FROM (SELECT id, name, tax FROM person) p WHERE id = $1',
      values: [1],
      name: 'named',
    });
    await client.query('PREPARE later AS SELECT id, tax AS t FROM person WHERE id = 1');
    await client.query('EXECUTE later');
    await client.query('BEGIN; DECLARE c CURSOR FOR SELECT upper(tax), mood FROM person');
    await client.query('FETCH 1 FROM c');
    await client.query("SELECT 'tax' AS tax, count(*) FROM person");
    await client.end();
    expect(await marked(user)).toEqual([
      ['name*', 'tax'],
      ['id', 'name', 'tax*', 'length*'],
      ['id', 't*'],
      ['upper*', 'mood'],
      ['tax', 'count'],
    ]);
  });

  it('describes to itself what a driver executes without a Describe, and records its rows with their columns', async () => {
    const user = 'undescribed';
    const client = await rawConnect(world, user, await world.token(user, ['agents']));
    client.send(request.parse('cached', 'SELECT id, tax AS t FROM person ORDER BY id'), request.sync());
    await client.ready();
    client.send(request.bind('', 'cached', []), request.execute('', 0), request.sync());
    expect((await client.ready()).map(([type]) => type)).toEqual(['2', 'D', 'D', 'C', 'Z']);
    client.send(request.bind('', 'cached', []), request.execute('', 1), request.execute('', 0), request.sync());
    expect((await client.ready()).map(([type]) => type)).toEqual(['2', 'D', 's', 'D', 'C', 'Z']);
    // An error of that Describe is the Execute's own.
    client.send(
      request.parse('', 'SELECT tax FROM person'),
      request.bind('gone', '', []),
      request.sync(),
      request.query('BEGIN'),
    );
    await client.ready(2);
    client.send(request.bind('gone', 'cached', []), request.execute('gone', 1), request.sync());
    await client.ready();
    client.send(request.query('SELECT nothing_here'), request.execute('gone', 1), request.sync());
    expect((await client.ready(2)).filter((one) => one.startsWith('E'))).toEqual(['E 42703', 'E 25P02']);
    client.close();
    expect(await marked(user)).toEqual([
      ['id', 't*'],
      ['id', 't*'],
      ['id', 't*'],
      ['id', 't*'],
    ]);
    const rows = [...steps(await closedRecording(world, user))].flatMap(({ results }) =>
      results.flatMap((result) => result.rows),
    );
    expect(rows.slice(0, 2)).toEqual([
      ['1', '*******4421'],
      ['2', '*******8859'],
    ]);
  });

  /** The columns of each result that replay shows, in order: `*` for one that it marks as masked. */
  const marked = async (user: string): Promise<string[][]> =>
    [...steps(await closedRecording(world, user))].flatMap(({ results }) =>
      results.map(({ columns }) => columns.map(({ name, mask }) => (mask === null ? name : `${name}*`))),
    );

  it('records what was sent, what is masked, and no value that was', async () => {
    let { events, parts } = await world.record();
    const isNetted = (event: Event): boolean =>
      event.type === 'statement.completed' && (event.data.columns ?? []).some(({ masked }) => masked === 'net');
    for (const deadline = Date.now() + 5_000; !events.some(isNetted) && Date.now() < deadline;)
      ({ events, parts } = await world.record());
    const decided = events.filter((event): event is EventOf<'statement.decided'> => event.type === 'statement.decided');
    const exempt = events.find(
      (event) => event.type === 'session.authenticated' && event.data.principal.subject === 'lead',
    )?.session;
    const first = decided.find(({ data, session }) => data.form === 'query' && data.masked !== undefined && session !== exempt);
    expect(first?.data.masked).toEqual(['public.person.tax']);
    const forwarded = parts.filter(({ header }) => header.name === 'forwarded');
    expect(forwarded.map(({ bytes }) => bytes.toString('utf8'))).toContainEqual(
      expect.stringMatching(
        /^SELECT name, tax FROM \(SELECT "id", "name", .* AS "tax", "mood" FROM "public"\."person"\) AS "person" WHERE id = 1$/,
      ),
    );
    expect(
      events.some(
        ({ type, parts: own }) => type === 'statement.prepared' && own?.some(({ name }) => name === 'forwarded') === true,
      ),
    ).toBe(true);
    const own = new Set(events.filter(({ session }) => session === exempt).map(({ producer, pseq }) => `${producer}/${pseq}`));
    const seen = parts
      .filter(({ header }) => !own.has(`${header.producer}/${header.pseq}`))
      .map(({ bytes }) => bytes.toString('latin1'));
    expect(seen.join('\n')).not.toContain(secret);
    expect(JSON.stringify(events)).not.toContain(secret);
    expect(events.find(isNetted)?.data).toMatchObject({ rows: 2, columns: [{ masked: 'net', name: 'body', type: 25 }] });
  });
});
