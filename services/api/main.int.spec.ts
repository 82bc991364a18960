import { type ChildProcess, execFile, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { SegmentReader } from '#event-log';
import { parseEvent, topics } from '#events';

const main = fileURLToPath(new URL('./main.js', import.meta.url));
const root = mkdtempSync(join(tmpdir(), 'sallyport-api-main-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});

const start = async (config: string): Promise<ChildProcess> => {
  const child = fork(main, ['--config', config], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`the api ended with ${String(code)}`);
    }),
  ]);
  return child;
};
const stop = async (child: ChildProcess): Promise<unknown> => {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  return (await exit)[0];
};

describe('the api as a process', () => {
  it('starts without ClickHouse, ends in order with a tail open, and goes on where its last life ended', async () => {
    const port = await freePort();
    writeFileSync(join(root, 'secret'), 'a-code');
    const config = join(root, 'sallyport.yml');
    writeFileSync(
      config,
      JSON.stringify({
        dataDir: 'data',
        tokens: { file: 'tokens.json' },
        clickhouse: { port: await freePort(), password: { file: 'secret' } },
        api: { port, roles: { admin: ['admins'] }, consoleCode: { file: 'secret' } },
      }),
    );
    const url = `http://127.0.0.1:${port}/api/v1`;
    const first = await start(config);
    const logIn = () =>
      fetch(`${url}/login/code`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"code":"a-code"}',
      });
    const login = await logIn();
    const cookie = (login.headers.get('set-cookie') ?? '').replace(/;.*/, '');
    const tail = await fetch(`${url}/tail`, { headers: { cookie } });
    expect([login.status, tail.status]).toEqual([200, 200]);
    expect(await stop(first)).toBe(0);
    await tail.text();
    const second = await start(config);
    expect((await logIn()).status).toBe(401); // good once, whatever was restarted since
    expect(await stop(second)).toBe(0);

    const events = await ownEvents(join(root, 'data'));
    const types = events.map(({ type }) => type).filter((type, i, all) => type !== all[i - 1]);
    expect(types).toEqual([
      // All that it runs with is new to its first life, and nothing of it to its second.
      ...['producer.started', 'configuration.changed', 'login.succeeded', 'access.viewed', 'producer.stopped'],
      ...['producer.started', 'login.failed', 'producer.stopped'],
    ]);
    const [begun, begunAgain] = events.filter(({ type }) => type === 'producer.started');
    const ended = events.find(({ type }) => type === 'producer.stopped');
    expect(begunAgain?.data).toMatchObject({ boot: 2, previous: { producer: begun?.producer, pseq: ended?.pseq } });
  });

  it('prints its description without a configuration', async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [main, 'openapi'], { maxBuffer: 1 << 24 });
    const { openapi, paths } = JSON.parse(stdout) as { openapi: string; paths: Record<string, unknown> };
    expect([stderr, openapi, Object.keys(paths)]).toEqual(['', '3.0.0', expect.arrayContaining(['/api/v1/sessions']) as unknown]);
  });
});

async function ownEvents(dataDir: string) {
  const events: ReturnType<typeof parseEvent>[] = [];
  const reader = new SegmentReader({ dataDir });
  await reader.consume({
    name: 'test',
    topics: [topics.events],
    from: () => 0,
    until: 'end',
    signal: new AbortController().signal,
    each: (batch) => {
      for (const { value } of batch) events.push(parseEvent(value));
      return Promise.resolve();
    },
  });
  await reader.close();
  return events;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((closed) => server.close(closed));
  return port;
}
