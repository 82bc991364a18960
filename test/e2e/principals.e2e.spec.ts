import pg from 'pg';
import type { Event, EventOf, EventType } from '#events';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { login, startWorld, type World } from './world.js';

const policy = `roles:
  - { name: delegated, when: 'actors.exists(a, a.subject == "assistant") && claims.department == "billing"', target: main, databases: [app], login: ${login.name} }
  - { name: assumes, groups: [readers], target: main, databases: [app], login: ${login.name}, mayAssume: [reader] }
  - { name: plain, groups: [agents], target: main, databases: [app], login: ${login.name} }
rules:
  - { name: everything, then: allow }
`;
const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = `00-${trace}-00f067aa0ba902b7-01`;

let issuer: LocalIssuer;
let world: World;

const token = (claims: Record<string, unknown> = {}): Promise<string> =>
  issuer.sign({ sub: 'anna', client_id: 'assistant', ...claims });
const delegated = { act: { sub: 'assistant' }, department: 'billing', secret: 'is not recorded', run_id: 'nightly-42' };
const connected = async (password: string, options?: string, user = 'anna'): Promise<pg.Client> => {
  const client = new pg.Client({ ...world.client(user, password), ...(options !== undefined && { options }) });
  client.on('error', () => undefined);
  await client.connect();
  return client;
};
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'it went through',
    (error: unknown) => {
      const { code, message, detail, hint } = error as pg.DatabaseError;
      const rule = detail?.startsWith('{') ? (JSON.parse(detail) as { rule: string }).rule : undefined;
      return { code, message, ...(hint !== undefined && { hint }), ...(rule !== undefined && { rule }) };
    },
  );
const latest = async <T extends EventType>(type: T): Promise<EventOf<T>> =>
  (await world.record()).events.findLast((event): event is Event & EventOf<T> => event.type === type) as EventOf<T>;
const ask = async (bearer: string, path: string): Promise<unknown> =>
  (await fetch(`${world.apiUrl}/api/v1/${path}`, { headers: { authorization: `Bearer ${bearer}` } })).json();

beforeAll(async () => {
  issuer = await startIssuer();
  world = await startWorld({
    policy,
    services: ['api'],
    issuers: [{ issuer: issuer.url, audience: 'sallyport', claims: { run: 'run_id' } }],
    initSql: `CREATE ROLE reader; CREATE ROLE boss SUPERUSER; GRANT reader, boss TO ${login.name}; CREATE TABLE item AS SELECT 1 AS id;
      GRANT ALL ON item TO ${login.name}`,
  });
}, 60_000);
afterAll(async () => {
  await world.stop();
  await issuer.stop();
}, 30_000);

describe('an agent that acts for someone', () => {
  it('is on record with its actor, its run and the claims that chose its role, and is found by them', async () => {
    const client = await connected(
      await token(delegated),
      `-c sallyport.run=claimed -c sallyport.conversation=chat\\ 7 -c sallyport.traceparent=${parent}`,
    );
    await client.query(`SELECT id FROM item WHERE id = $1 /*run='other',tool_call='call%201'*/`, [1]);
    await client.end();
    await world.unaccounted();

    const run = {
      run: { by: 'token', value: 'nightly-42' },
      conversation: { by: 'startup', value: 'chat 7' },
      traceparent: { by: 'startup', value: parent },
    };
    const { session, data } = await latest('session.authenticated');
    expect(data).toMatchObject({
      principal: { issuer: issuer.url, subject: 'anna', kind: 'agent' },
      actors: [{ issuer: issuer.url, subject: 'assistant' }],
      role: 'delegated',
      claims: '{"department":"billing"}',
      run,
    });
    expect((await latest('statement.decided')).data.run).toEqual({ ...run, toolCall: { by: 'comment', value: 'call 1' } });

    const viewer = await world.token('vic', ['viewers']);
    const shown = {
      id: session,
      actors: [{ issuer: issuer.url, subject: 'assistant' }],
      policyRole: 'delegated',
      run: { run: { value: 'nightly-42', verified: true }, conversation: { value: 'chat 7', verified: false } },
    };
    for (const filter of ['run=nightly-42', 'conversation=chat%207', `trace=${trace}`, 'actor=assistant'])
      expect(await ask(viewer, `sessions?${filter}`)).toMatchObject({ items: [shown] });
    expect(await ask(viewer, 'sessions?run=claimed')).toMatchObject({ items: [] });
    expect(await ask(viewer, `access?principal=anna&target=main`)).toMatchObject({ items: [{ granted: { name: 'delegated' } }] });
  }, 20_000);

  it('hears from the api who it is and where it may go', async () => {
    expect(await ask(await token({ ...delegated, groups: ['readers'] }), 'whoami')).toMatchObject({
      principal: { subject: 'anna', kind: 'agent', groups: ['readers'] },
      actors: [{ subject: 'assistant' }],
      databases: [{ target: 'main', database: 'app', role: 'delegated', login: login.name }],
    });
  });

  it.each([
    ['another department', { ...delegated, department: 'sales' }],
    ['no claim of a department', { ...delegated, department: undefined }],
    ['another actor', { ...delegated, act: { sub: 'stranger' } }],
  ])('has no session with %s, and hears of no other role', async (_, claims) => {
    const said = await refusal(connected(await token(claims)));
    expect(said).toMatchObject({ code: '28000', message: 'anna has no role on database "app"' });
    expect(JSON.stringify(said)).not.toMatch(/\b(delegated|assumes|plain)\b/);
  });
});

it.each([
  ['-c sallyport.traceparent=00-1-2-3', '22023', 'the value of the start-up parameter "sallyport.traceparent" cannot be used'],
  [`-c sallyport.run=${'x'.repeat(257)}`, '22023', 'the value of the start-up parameter "sallyport.run" cannot be used'],
  ['-c sallyport.runs=1', '42501', 'the start-up parameter "sallyport.runs" is not known'],
  ['-c role=boss', '42501', 'the start-up parameter "role" is not permitted'],
  ['-c session_authorization=boss', '42501', 'the start-up parameter "session_authorization" is not permitted'],
])('the start-up option %s is refused by name', async (options, code, message) => {
  expect(await refusal(connected(await world.token('bot', ['agents']), options, 'bot'))).toMatchObject({ code, message });
});

describe('no rule lets a session leave its login', () => {
  const guarded = { code: '42501', rule: 'sallyport:role-guard' };
  let client: pg.Client;
  beforeAll(async () => {
    client = await connected(await world.token('bot', ['agents']), undefined, 'bot');
  });
  afterAll(() => client.end());

  it.each([
    'SET ROLE boss',
    'SET LOCAL ROLE boss',
    "SET role = 'boss'",
    'SET SESSION AUTHORIZATION boss',
    "SELECT set_config('role', 'boss', false)",
    "SELECT set_config('ro' || 'le', 'boss', false)",
    "SELECT id, pg_catalog.set_config(n, 'boss', false) FROM item, (VALUES ('role')) v(n)",
    "UPDATE pg_settings SET setting = 'boss' WHERE name = 'role'",
    `ALTER ROLE ${login.name} SET role = boss`,
    'ALTER DATABASE app SET role = boss',
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = boss AS 'SELECT 1'",
    "PREPARE p AS SELECT set_config('role', 'boss', false)",
    "EXPLAIN ANALYZE SELECT set_config('role', 'boss', false)",
    'SELECT 1; SET ROLE boss',
  ])('by %s', async (sql) => {
    expect(await refusal(client.query(sql))).toMatchObject(guarded);
    if (!sql.includes(';')) expect(await refusal(client.query({ text: sql, name: sql.slice(0, 60) }))).toMatchObject(guarded);
    expect((await client.query<{ u: string }>('SELECT current_user AS u')).rows).toEqual([{ u: login.name }]);
  });

  it('by a parameter, whatever it is', async () => {
    expect(await refusal(client.query('SELECT set_config($1, $2, false)', ['application_name', 'x']))).toMatchObject(guarded);
  });

  it.each([
    'RESET ROLE',
    'SET ROLE NONE',
    'SET SESSION AUTHORIZATION DEFAULT',
    'DISCARD ALL',
    "SELECT set_config('app.x', 'y', false)",
  ])('and %s keeps it there', async (sql) => {
    await client.query(sql);
    expect((await client.query<{ u: string }>('SELECT current_user AS u')).rows).toEqual([{ u: login.name }]);
  });

  it('by code that nobody sees into: the session ends before anything else runs', async () => {
    const hidden = await connected(await world.token('bot', ['agents']), undefined, 'bot');
    const ended = new Promise((resolve) => hidden.once('error', resolve));
    await hidden.query(`DO $$ BEGIN EXECUTE 'SET ' || 'ROLE boss'; END $$`);
    expect(await ended).toMatchObject({ code: '42501', message: expect.stringContaining('it runs as boss') as string });
    await hidden.end();
    await world.unaccounted();
    expect((await latest('session.terminated')).data).toEqual({ rule: 'sallyport:role-guard' });
    expect((await latest('session.closed')).data).toMatchObject({ reason: 'refused' });
  });

  it('by a setting of the login, made elsewhere: no session begins', async () => {
    const admin = await world.direct();
    await admin.query(`ALTER ROLE ${login.name} SET role = boss`);
    try {
      const refused = await refusal(connected(await world.token('bot', ['agents']), undefined, 'bot'));
      expect(refused).toMatchObject({ code: '28000', message: 'the login starts in another role of the database' });
    } finally {
      await admin.query(`ALTER ROLE ${login.name} RESET role`);
      await admin.end();
    }
  });
});

it('a role that says mayAssume lets its sessions change to these roles, and to no other', async () => {
  const client = await connected(await world.token('bot', ['readers']), undefined, 'bot');
  const user = async (): Promise<unknown> => (await client.query<{ u: string }>('SELECT current_user AS u')).rows[0]?.u;
  await client.query('SET ROLE reader');
  expect(await user()).toBe('reader');
  expect(await refusal(client.query('SET ROLE boss'))).toMatchObject({ rule: 'sallyport:role-guard' });
  await client.query(`SET ROLE ${login.name}`);
  await client.query(`SELECT set_config('role', $1, false)`, ['reader']).catch(() => undefined);
  expect(await user()).toBe(login.name);
  await client.query("SELECT set_config('role', 'reader', false)");
  expect(await user()).toBe('reader');
  await client.query('RESET ROLE');
  expect(await user()).toBe(login.name);
  await client.end();
});
