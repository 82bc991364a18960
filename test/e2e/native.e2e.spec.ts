import pg from 'pg';
import type { Event, EventOf, EventType } from '#events';
import { loggingFlags } from '../native/logging.js';
import { openPolicy } from './policies.js';
import { startWorld, type World } from './world.js';

const reason = 'for this test';

describe("Postgres' own log beside the proxy's record", () => {
  let world: World;
  let session: string;

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      postgres: { flags: loggingFlags('jsonlog') },
      logs: {
        clockSkewSeconds: 1,
        graceSeconds: 1,
        exceptions: [{ name: 'maintenance', user: 'postgres', application: 'vacuum', address: '127.0.0.0/8', reason }],
      },
      services: ['reconciler', 'detector'],
    });
    const client = await world.connect('ada', await world.token('ada', ['agents']));
    await client.query('SELECT 1');
    await client.query('SELECT 1/0').catch(() => undefined);
    await client.end();
    await asSuperuser('vacuum', 'VACUUM pg_catalog.pg_class');
    await asSuperuser('psql', "SELECT rolname FROM pg_authid WHERE rolname = 'ada'");
    await until(world, ({ type }) => type === 'alert.raised');
    await until(world, ({ type, data }) => type === 'native.explained' && data.by.kind === 'session');
    session = of(await recorded(world), 'session.ready')[0]?.session ?? '';
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  const asSuperuser = async (application: string, sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: world.postgres.superuserUrl, application_name: application });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  it('explains what sessions, the proxy itself and declared exceptions did', async () => {
    const events = await recorded(world);
    const explained = of(events, 'native.explained').map(({ data }) => data.by);
    expect(explained).toContainEqual({ kind: 'session', session });
    expect(explained).toContainEqual({ kind: 'proxy', purpose: 'catalog' });
    expect(explained).toContainEqual({ kind: 'exception', name: 'maintenance' });
    const { backend } = of(events, 'session.ready')[0]?.data ?? {};
    const ofSession = of(events, 'native.observed').filter(({ data }) => data.pid === backend);
    expect(
      ofSession.map(({ data }) => [data.tells, data.command, data.sqlstate]).filter(([tells]) => tells !== 'connection'),
    ).toEqual([
      ['authorization', 'authentication', undefined],
      ['statement', 'SHOW', undefined],
      ['statement', 'SELECT', undefined],
      ['statement', 'SELECT', undefined],
      ['error', 'SELECT', '22012'],
      ['disconnection', 'idle', undefined],
    ]);
  });

  it('finds the connection that nothing explains, its statements, and nothing else', async () => {
    const found = of(await recorded(world), 'bypass.found').map(({ data }) => data);
    const who = { user: 'postgres', database: 'postgres', application: 'psql', client: { host: '127.0.0.1', port: anyNumber } };
    const backend = { target: 'main', pid: anyNumber, start: anyNumber, time: anyNumber, finding: anyText, ...who };
    expect(found).toEqual([
      { ...backend, what: 'connection', inputs: [anyText, anyText] },
      { ...backend, what: 'statement', command: 'SELECT', inputs: [anyText] },
    ]);
  });

  it('raises an alert of high severity about it, which is of no session', async () => {
    const alerts = of(await recorded(world), 'alert.raised').map(({ data }) => data);
    expect(alerts).toMatchObject([{ rule: 'R02', severity: 'high', title: 'Connected past Sallyport' }]);
    expect(alerts[0]).not.toHaveProperty('session');
  });

  it('says each once, whatever is read again', async () => {
    const said = async () => {
      const events = await recorded(world);
      return {
        observed: of(events, 'native.observed').length,
        judged: [...of(events, 'native.explained'), ...of(events, 'bypass.found')],
      };
    };
    const before = await said();
    await world.services.reconciler?.end('SIGKILL');
    await world.services.reconciler?.start();
    await asSuperuser('vacuum', 'SELECT 1');
    await until(world, (event) => event.type === 'native.observed' && event.data.tells === 'disconnection', 4);
    await until(world, (event) => event.type === 'native.explained' && event.data.by.kind === 'exception', 2);
    const after = await said();
    const added = after.judged
      .slice(0)
      .filter(({ pseq, producer }) => !before.judged.some((e) => e.pseq === pseq && e.producer === producer));
    expect(added.map(({ type }) => type)).toEqual(['native.explained']);
  }, 30_000);
});

const anyNumber = expect.any(Number) as unknown;
const anyText = expect.any(String) as unknown;

const of = <T extends EventType>(events: readonly Event[], type: T): EventOf<T>[] =>
  events.filter((event): event is Event & EventOf<T> => event.type === type) as EventOf<T>[];
const recorded = async (world: World): Promise<readonly Event[]> => (await world.record()).events;

/** Waits until so many such events are on record. */
async function until(world: World, is: (event: Event) => boolean, count = 1): Promise<void> {
  const late = performance.now() + 20_000;
  while ((await recorded(world)).filter(is).length < count) {
    if (performance.now() > late) throw new Error('it does not come on record');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
