import { fork } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jest } from '@jest/globals';
import { ClickHouse, projectedThrough, sessionsPage } from '#clickhouse';
import { openSegmentLog } from '#event-log';
import { topics } from '#events';
import { SpawnedEngine } from '../../test/clickhouse/spawned-engine.js';
import { sessionId, threeSessions } from '../../test/clickhouse/story.js';

jest.setTimeout(60_000);
const main = fileURLToPath(new URL('./main.js', import.meta.url));
const engine = new SpawnedEngine();

beforeAll(async () => {
  await engine.start();
});
afterAll(async () => {
  await engine.remove();
});

it('projects what the outboxes hold, goes on after a stop, and ends in order', async () => {
  const dataDir = join(engine.root, 'data');
  const config = join(engine.root, 'projector.yml');
  const port = new URL(engine.url).port;
  writeFileSync(config, `dataDir: ${dataDir}\nclickhouse: { port: ${port}, password: { file: password } }\n`);
  const clickhouse = ClickHouse.at({ url: engine.url, user: engine.user, password: engine.password, database: 'sallyport' });
  await clickhouse.migrate();
  const outbox = await openSegmentLog({ dir: join(dataDir, 'outbox', 'proxy') });
  const { records } = threeSessions();
  const half = records.length >> 1;

  const projectUpTo = async (written: number): Promise<void> => {
    const projector = fork(main, ['--config', config], { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    await once(projector, 'message');
    const last = records.slice(0, written).filter(({ topic }) => topic === topics.events).length - 1;
    while ((await projectedThrough(clickhouse)).find(({ topic }) => topic === topics.events)?.off !== last);
    const exit = once(projector, 'exit');
    projector.kill('SIGTERM');
    expect((await exit)[0]).toBe(0);
  };

  await outbox.write(records.slice(0, half), 'disk');
  await projectUpTo(half);
  await outbox.write(records.slice(half), 'disk');
  await projectUpTo(records.length);
  const sessions = await sessionsPage(clickhouse, {}, { limit: 10 });
  expect(sessions.map(({ session, statements, missingEvents }) => [session, statements, missingEvents])).toEqual([
    [sessionId(3), 2, 0],
    [sessionId(2), 3, 0],
    [sessionId(1), 3, 0],
  ]);
  expect((await projectedThrough(clickhouse)).map(({ log }) => log)).toEqual([outbox.log]);
  await clickhouse.close();
  await outbox.close();
});
