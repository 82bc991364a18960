import { setTimeout } from 'node:timers/promises';
import { request } from '#pgwire';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const endless = 'SELECT generate_series(1, 1000000000), repeat($$x$$, 1000)';
const some = (told: readonly string[]): boolean => told.some((one) => /^[Dd]/.test(one));

const moments: Record<string, (client: RawClient) => Promise<unknown>> = {
  'in the midst of a result': async (client) => {
    client.send(request.query(endless));
    await client.until(some);
  },
  'in the midst of a result that it has stopped reading': async (client) => {
    client.send(request.query(endless));
    await client.until(some);
    client.socket.pause();
    await setTimeout(500);
  },
  'in the midst of a portal': async (client) => {
    client.send(request.parse('', endless), request.bind('', '', []), request.execute('', 0), request.flush());
    await client.until(some);
  },
  'in the midst of a COPY TO': async (client) => {
    client.send(request.query(`COPY (${endless}) TO STDOUT`));
    await client.until(some);
  },
  'in the midst of a COPY FROM': async (client) => {
    client.send(request.query('COPY item FROM STDIN'));
    await client.until((told) => told.includes('G'));
    client.send(request.copyData(Buffer.from('1\n'.repeat(10_000))));
    await setTimeout(100);
  },
  'in the midst of a CopyData message': async (client) => {
    client.send(request.query('COPY item FROM STDIN'));
    await client.until((told) => told.includes('G'));
    client.send(request.copyData(Buffer.from('1\n'.repeat(10_000))).subarray(0, 1_000));
    await setTimeout(100);
  },
  'in a transaction': async (client) => {
    client.send(request.query('BEGIN'), request.query('INSERT INTO item VALUES (1)'));
    await client.ready(2);
  },
  'while it waits for a lock': async (client) => {
    client.send(request.query('SELECT pg_advisory_lock(1)'));
    await setTimeout(200);
  },
  'while a human is asked': async (client) => {
    client.send(request.query('DELETE FROM item'));
    await client.until((told) => told.includes('N'));
  },
  'behind a pipeline that nobody answered yet': async (client) => {
    client.send(...Array.from({ length: 50 }, () => request.query('SELECT pg_sleep(1)')));
    await setTimeout(100);
  },
};

describe('a client that vanishes', () => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int); GRANT ALL ON item TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it.each(Object.entries(moments))('%s leaves nothing running, and nothing behind', async (_, until) => {
    const admin = await world.direct();
    try {
      await admin.query('SELECT pg_advisory_lock(1)');
      const client = await rawConnect(world, 'bot', token);
      await until(client);
      client.socket.destroy();
      const late = Date.now() + 5_000;
      const left = async (): Promise<unknown[]> =>
        (await admin.query<{ state: string }>('SELECT state, query FROM pg_stat_activity WHERE usename = $1', [login.name])).rows;
      while ((await left()).length > 0 && Date.now() < late) await setTimeout(50);
      expect(await left()).toEqual([]);
      expect((await admin.query('SELECT count(*)::int AS n FROM item')).rows).toEqual([{ n: 0 }]);
    } finally {
      await admin.end();
    }
  });
});
