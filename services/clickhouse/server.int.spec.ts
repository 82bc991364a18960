import { Readable } from 'node:stream';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ClickHouseClient,
  ClickHouseError,
  ClickHouseLogLevel,
  type ClickHouseSettings,
  createClient,
} from '@clickhouse/client';
import { SpawnedEngine } from '../../test/clickhouse/spawned-engine.js';

const engine = new SpawnedEngine();
let client: ClickHouseClient;
const connect = (password = engine.password): ClickHouseClient =>
  createClient({
    url: engine.url,
    username: engine.user,
    password,
    database: 'app',
    compression: { request: true, response: true },
    clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    log: { level: ClickHouseLogLevel.OFF },
  });

const rows = async (query: string, more: object = {}): Promise<unknown[]> =>
  (await client.query({ query, format: 'JSONEachRow', ...more })).json();
const refusal = async (attempt: Promise<unknown>): Promise<string> => {
  const error: unknown = await attempt.then(
    () => undefined,
    (error: unknown) => error,
  );
  return error instanceof ClickHouseError ? `${error.code} ${error.type ?? ''}` : String(error);
};

beforeAll(async () => {
  await engine.start();
  client = connect();
  const anywhere = createClient({ url: engine.url, username: engine.user, password: engine.password });
  await anywhere.command({ query: 'CREATE DATABASE app ENGINE = Atomic' });
  await anywhere.close();
  await client.command({
    query:
      'CREATE TABLE app.t (a UInt64, s String) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 100',
  });
});
afterEach(async () => {
  await client.command({ query: 'TRUNCATE TABLE t' });
});
afterAll(async () => {
  await client.close();
  await engine.remove();
});

describe('the engine behind its HTTP interface', () => {
  it('answers pings, and queries of whoever knows the password only', async () => {
    expect(await client.ping()).toEqual({ success: true });
    const stranger = connect('guess');
    expect(await refusal(stranger.query({ query: 'SELECT 1' }))).toBe('516 AUTHENTICATION_FAILED');
    await stranger.close();
  });

  it('takes parameters of any text', async () => {
    const text = "a'b\\c\n\n;DROP TABLE t --\u{1f600}";
    expect(
      await rows('SELECT {s:String} AS s, {n:UInt64} AS n', { query_params: { s: text, n: '18446744073709551615' } }),
    ).toEqual([{ s: text, n: '18446744073709551615' }]);
    expect(await refusal(rows('SELECT {s:String} AS s'))).toBe('456 UNKNOWN_QUERY_PARAMETER');
  });

  it('forgets the settings of a query with the query', async () => {
    const insert = (a: number, settings: ClickHouseSettings): Promise<unknown> =>
      client.insert({ table: 't', values: [{ a, s: '' }], format: 'JSONEachRow', clickhouse_settings: settings });
    await insert(1, { insert_deduplication_token: 'one' });
    await insert(2, { insert_deduplication_token: 'one' });
    await insert(3, {});
    await insert(4, {});
    expect(await rows('SELECT a FROM t ORDER BY a')).toEqual([{ a: '1' }, { a: '3' }, { a: '4' }]);
  });

  it('keeps rows rows, whatever they hold', async () => {
    const csv = '1,"quoted\n\nand empty line"\n\nTRUNCATE TABLE t\n';
    expect(
      await refusal(client.insert({ table: 't', values: Readable.from([csv], { objectMode: false }), format: 'CSV' })),
    ).toMatch(/^27 /);
    await client.insert({ table: 't', values: [{ a: 7, s: '\n\nTRUNCATE TABLE t\n' }], format: 'JSONEachRow' });
    expect(await rows('SELECT a, s FROM t')).toEqual([{ a: '7', s: '\n\nTRUNCATE TABLE t\n' }]);
    expect(readdirSync(join(engine.root, 'data', 'clickhouse', 'inserts'))).toEqual([]);
  });

  it('streams a result of many rows', async () => {
    const result = await client.query({ query: 'SELECT number AS n FROM numbers(300000)', format: 'JSONEachRow' });
    let count = 0;
    for await (const batch of result.stream<{ n: string }>()) count += batch.length;
    expect(count).toBe(300_000);
  });

  it('tells of an error after the first rows are out', async () => {
    const query =
      "SELECT throwIf(number = 900000, 'too far') AS a FROM numbers(1000000) SETTINGS max_block_size = 1000, max_threads = 1";
    const headers = { 'X-ClickHouse-User': engine.user, 'X-ClickHouse-Key': engine.password, 'Accept-Encoding': 'gzip' };
    const url = `${engine.url}/?enable_http_compression=1&default_format=JSONEachRow`;
    const response = await fetch(url, { method: 'POST', headers, body: query });
    const tag = response.headers.get('X-ClickHouse-Exception-Tag') ?? '';
    const [, error = ''] = (await response.text()).split(`\r\n__exception__\r\n${tag}\r\n`);
    expect([response.status, error]).toEqual([
      200,
      expect.stringMatching(/^Code: 395\..*too far[^]*\n\d+ [0-9a-f]{16}\r\n__exception__\r\n$/),
    ]);
    // The client reads the code where the trailer comes to it in one piece. That there was an error it tells wherever it was cut.
    await expect(rows(query)).rejects.toThrow();
  });

  it('stops computing when its client is gone', async () => {
    const gone = new AbortController();
    const endless = client.query({
      query: 'SELECT sum(sipHash64(number)) FROM numbers(1000000000000)',
      abort_signal: gone.signal,
      clickhouse_settings: { max_threads: 1 },
    });
    const running = (): Promise<unknown[]> =>
      rows("SELECT 1 AS one FROM system.processes WHERE query LIKE '%numbers(1000000000000)%' AND query NOT LIKE '%processes%'");
    while ((await running()).length === 0);
    gone.abort();
    await expect(endless).rejects.toThrow();
    while ((await running()).length > 0);
    expect(await running()).toEqual([]);
  });

  it('refuses what reaches outside, and writes by a statement that reads', async () => {
    expect(await refusal(rows("SELECT * FROM file('/etc/passwd', 'LineAsString')"))).toBe('497 ACCESS_DENIED');
    expect(await refusal(rows('SELECT * FROM `/etc/passwd`'))).toBe('60 UNKNOWN_TABLE');
    expect(await refusal(rows('SELECT 1; SELECT 2'))).toBe('62 SYNTAX_ERROR');
    const outside = createClient({
      url: engine.url,
      username: engine.user,
      password: engine.password,
      log: { level: ClickHouseLogLevel.OFF },
    });
    expect(await refusal(outside.query({ query: 'SELECT * FROM `/etc/passwd`' }))).toBe('60 UNKNOWN_TABLE');
    await outside.close();
  });

  it('keeps a second process out of its data and says why', async () => {
    const second = new SpawnedEngine();
    const data = join(engine.root, 'data');
    await expect(second.start(data)).rejects.toThrow(/another process holds its lock/);
    await second.remove();
    expect(await rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('finds its rows again after a stop and after a kill', async () => {
    await client.insert({ table: 't', values: [{ a: 1, s: 'kept' }], format: 'JSONEachRow' });
    expect(await engine.stop()).toBe(0);
    await engine.start();
    expect(await rows('SELECT s FROM t')).toEqual([{ s: 'kept' }]);
    await engine.stop('SIGKILL');
    await engine.start();
    expect(await rows('SELECT s FROM t')).toEqual([{ s: 'kept' }]);
  });
});
