import 'reflect-metadata';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { ClickHouse } from '#clickhouse';
import { RecordedSession } from './fixtures/recorded.js';
import { Rig } from './fixtures/rig.js';

const session = new RecordedSession('01936f00-0000-7000-8000-000000000001').read(['Ada']).closed();
const sockets: Socket[] = [];
const hanging = createServer((socket) => sockets.push(socket));
let rig: Rig;
beforeAll(async () => {
  await once(hanging.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
  const clickhouse = ClickHouse.at({ url, user: 'sallyport', password: 'x', database: 'sallyport' });
  rig = await Rig.start({ before: session.drafts, clickhouse });
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  await rig.stop();
  hanging.close();
});

describe('a ClickHouse that takes connections and never answers', () => {
  it('keeps nobody from a session', async () => {
    const [list, step] = await Promise.all([rig.get('viewer', 'sessions'), rig.get('viewer', `sessions/${session.id}/steps/4`)]);
    expect([list, step]).toMatchObject(Array(2).fill({ status: 200, body: { source: 'log' } }));
  });

  it('is told to be away, and what only it knows has to wait', async () => {
    expect(await rig.ask(undefined, 'GET', 'health')).toMatchObject({ body: { clickhouse: 'away' } });
    expect(await rig.get('viewer', 'alerts')).toMatchObject({ status: 503, body: { code: 'projection-unavailable' } });
  });
});
