import { once } from 'node:events';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { openPolicy } from '../../../test/e2e/policies.js';
import { startVoter, type Voter } from '../../../test/e2e/voter.js';
import { login, startWorld, type World } from '../../../test/e2e/world.js';
import type { Answer } from './answer.js';
import { Database } from './database.js';

const main = fileURLToPath(new URL('../main.js', import.meta.url));
const anna = { by: { issuer: 'https://id.example', subject: 'anna' }, groups: ['approvers'] };

describe('sallyport mcp', () => {
  let world: World;
  let voter: Voter;
  let agent: Client;
  let token: string;
  let proxy: string;

  const connected = async (transport: Parameters<Client['connect']>[0]): Promise<Client> => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(transport);
    return client;
  };
  const call = async (name: string, args: Record<string, unknown>, client = agent) => {
    const { structuredContent, isError } = await client.callTool({ name, arguments: args });
    return { ...(structuredContent as Answer), isError };
  };

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL, balance numeric(12,2), notes jsonb, since date);
        CREATE TABLE payment (id bigint PRIMARY KEY, customer_id int REFERENCES customer);
        INSERT INTO customer SELECT g, 'c' || g, g + 0.10, '{"a": 1}', '2026-01-01' FROM generate_series(1, 500) g;
        GRANT ALL ON customer, payment TO ${login.name}`,
    });
    token = await world.token('bot', ['agents'], 'agent');
    voter = await startVoter(world.dataDir);
    const ca = `${world.dataDir}-ca.pem`;
    writeFileSync(ca, world.certificates.ca);
    proxy = `postgresql://localhost:${world.tap.port}/app?sslrootcert=${ca}`;
    agent = await connected(
      new StdioClientTransport({
        command: process.execPath,
        args: [main, 'mcp', '--proxy', proxy, '--user', 'bot', '--run', 'run 7'],
        env: { SALLYPORT_TOKEN: token, PATH: process.env.PATH ?? '' },
      }),
    );
  }, 60_000);
  afterAll(async () => {
    await agent.close();
    await voter.close();
    await world.stop();
  }, 30_000);

  it('lists its tools, each with what it takes and what it answers', async () => {
    const { tools } = await agent.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['query', 'describe', 'explain_policy', 'request_approval', 'wait']);
    expect(tools.every(({ outputSchema }) => outputSchema?.type === 'object')).toBe(true);
  });

  it('runs a statement as its agent, and gives typed values back', async () => {
    expect(
      await call('query', {
        sql: 'SELECT id, name, balance, notes, since, id::bigint AS big FROM customer WHERE id = $1',
        parameters: [7],
      }),
    ).toEqual({
      status: 'done',
      columns: [
        { name: 'id', type: 'int4' },
        { name: 'name', type: 'text' },
        { name: 'balance', type: 'numeric' },
        { name: 'notes', type: 'jsonb' },
        { name: 'since', type: 'date' },
        { name: 'big', type: 'int8' },
      ],
      rows: [[7, 'c7', '7.10', { a: 1 }, '2026-01-01', '7']],
      rowCount: 1,
      truncated: false,
      command: 'SELECT',
      isError: false,
    });
    const { events } = await world.record();
    const opened = events.flatMap((event) => (event.type === 'session.opened' ? [event.data] : [])).at(-1);
    expect(opened).toMatchObject({ user: 'bot' });
    expect(opened?.parameters).toContainEqual({ name: 'options', value: '-c sallyport.mode=retry -c sallyport.run=run\\ 7' });
  });

  it('gives no more rows than were asked for, and says so', async () => {
    const { rows, truncated } = await call('query', { sql: 'SELECT id FROM customer ORDER BY id', maxRows: 120 });
    expect([rows?.length, rows?.at(-1), truncated]).toEqual([120, [120], true]);
    const long = await call('query', { sql: "SELECT repeat('x', 100000) AS x FROM customer", maxRows: 1000 });
    expect(long.truncated).toBe(true);
    expect(JSON.stringify(long.rows).length).toBeLessThan(200_000);
  });

  it('says what the database objects to, and goes on', async () => {
    expect(await call('query', { sql: 'SELECT nothing' })).toMatchObject({ status: 'failed', sqlstate: '42703', isError: true });
    expect(await call('query', { sql: 'DROP TABLE customer' })).toMatchObject({
      ...{ status: 'denied', rule: 'no-drop', sqlstate: '42501', isError: true },
    });
    expect(await call('query', { sql: 'SELECT 1 AS one' })).toMatchObject({ status: 'done', rows: [[1]] });
  });

  it('closes a connection that is not used, and makes another for the next statement', async () => {
    const { port } = world.tap;
    const door = { host: 'localhost', port, database: 'app', ca: `${world.dataDir}-ca.pem` };
    const credentials = { user: 'bot', token: () => Promise.resolve(token) };
    const database = new Database(door, credentials, {}, 100);
    const bounds = { rows: 1, characters: 100, valueCharacters: 100 };
    const pid = async (): Promise<unknown> => (await database.ask('retry', 'SELECT pg_backend_pid()', [], bounds)).rows?.[0]?.[0];
    const first = await pid();
    const admin = await world.direct();
    const isThere = async (): Promise<boolean> =>
      (await admin.query('SELECT FROM pg_stat_activity WHERE pid = $1', [first])).rowCount === 1;
    for (const late = Date.now() + 10_000; (await isThere()) && Date.now() < late;);
    expect(await isThere()).toBe(false);
    expect(await pid()).not.toBe(first);
    await database.close();
    await admin.end();
  });

  it('says that there is no token, and not what the command said that should print one', async () => {
    const args = [main, 'mcp', '--proxy', proxy, '--user', 'bot', '--token-command', 'echo canary >&2; exit 3'];
    const other = await connected(
      new StdioClientTransport({ command: process.execPath, args, env: { PATH: process.env.PATH ?? '' }, stderr: 'ignore' }),
    );
    expect(await call('query', { sql: 'SELECT 1' }, other)).toEqual({
      ...{ status: 'failed', sqlstate: '08006', isError: true },
      message: 'there is no token: the command that prints it ended with 3',
    });
    await other.close();
  });

  it('connects anew when its backend was ended', async () => {
    const pid = await call('query', { sql: 'SELECT pg_backend_pid()' });
    const admin = await world.direct();
    await admin.query('SELECT pg_terminate_backend($1)', [pid.rows?.[0]?.[0]]);
    await admin.end();
    const answers = [await call('query', { sql: 'SELECT 3' }), await call('query', { sql: 'SELECT 3' })];
    expect(answers.at(-1)).toMatchObject({ status: 'done', rows: [[3]] });
  });

  it('describes tables', async () => {
    const all = await call('describe', {});
    expect(all.rows).toEqual([
      ['public', 'customer', 'table'],
      ['public', 'payment', 'table'],
    ]);
    const one = await call('describe', { relation: 'public.payment' });
    expect(one.rows).toEqual([
      ['id', 'bigint', false, true, null],
      ['customer_id', 'integer', true, false, 'public.customer'],
    ]);
  });

  it('explains what the policy would do, without doing it', async () => {
    const sql = 'DELETE FROM payment';
    expect(await call('explain_policy', { sql })).toMatchObject({ status: 'held', rule: 'mass-write', isError: false });
    expect(await call('explain_policy', { sql: 'SELECT 1' })).toMatchObject({ status: 'allowed', rule: 'everything-else' });
  });

  it('asks for an approval, waits for it, and runs what was approved', async () => {
    const sql = 'DELETE FROM customer WHERE id > $1';
    const asked = await call('request_approval', { sql, parameters: [400] });
    expect(asked).toMatchObject({ status: 'held', rule: 'mass-write' });
    const { approval } = asked;
    expect(await call('wait', { approval, seconds: 1 })).toMatchObject({ status: 'held', approval });
    const waiting = call('wait', { approval, seconds: 60 });
    await voter.vote('granted', anna);
    expect(await waiting).toMatchObject({ status: 'done', command: 'DELETE', rowCount: 100 });
    expect(await call('wait', { approval: 'none' })).toMatchObject({ status: 'failed' });
  });

  it('serves HTTP, each request with its own token', async () => {
    const served = spawn(process.execPath, [main, 'mcp', '--proxy', proxy, '--user', 'bot', '--http', '0'], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [line] = (await once(createInterface({ input: served.stderr }), 'line')) as [string];
    const url = new URL(/http:\S+\/mcp/.exec(line)?.[0] ?? '');
    const as = (bearer: string): Promise<Client> =>
      connected(new StreamableHTTPClientTransport(url, { requestInit: { headers: { authorization: `Bearer ${bearer}` } } }));
    expect((await fetch(url, { method: 'POST', body: '{}' })).status).toBe(401);
    const good = await as(token);
    expect(await call('query', { sql: 'SELECT 2 AS two' }, good)).toMatchObject({ status: 'done', rows: [[2]] });
    const bad = await as('spt_0000000000000000_0');
    const refused = await bad.callTool({ name: 'query', arguments: { sql: 'SELECT 2' } });
    expect(refused.isError).toBe(true);
    await good.close();
    await bad.close();
    const gone = once(served, 'exit');
    served.kill('SIGTERM');
    await gone;
  });
});
