import { connect as connectTcp } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { request } from '#pgwire';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';
import { rawConnect, type RawClient } from './raw-client.js';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** A frame with this body, byte for byte. */
function frame(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}

const parseOfManyTypes = (): Buffer => {
  const body = Buffer.alloc(2 + 65_535 * 4, 0);
  body.writeUInt16BE(65_535, 0);
  for (let i = 0; i < 65_535; i++) body.writeUInt32BE(1043, 2 + i * 4);
  return frame('P', Buffer.concat([Buffer.from('\0SELECT 1\0'), body]));
};

describe('a client that does what it should not', () => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int); GRANT ALL ON item TO ${login.name}; GRANT ALL ON SCHEMA public TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);
  beforeEach(async () => {
    if (!isAlive(world.proxyPid())) await world.startProxy();
  });

  it.each<[string, () => Buffer[]]>([
    ['a Bind that ends too early', () => [frame('B', Buffer.from([0, 0, 0, 5]))]],
    ['a Query without its NUL', () => [frame('Q', Buffer.from('SELECT 1'))]],
    ['a Close of something else', () => [frame('C', Buffer.from('Xname\0'))]],
    ['65,535 parameter types', () => [parseOfManyTypes(), request.sync()]],
    ['3,000 statements in one text', () => [request.query('SELECT 1;'.repeat(3_000))]],
    ['a portal name of 300 kB', () => [request.parse('', 'SELECT 1'), request.bind('p'.repeat(300_000), '', []), request.sync()]],
    ['an unknown statement name of 300 kB', () => [request.bind('', 's'.repeat(300_000), []), request.sync()]],
    ['a syntax error of 300 kB', () => [request.query(`SELECT 1 ${'x'.repeat(300_000)} ${'y'.repeat(300_000)}`)]],
    ['15,000 function names', () => [request.query(`SELECT ${Array.from({ length: 15_000 }, (_, i) => `f_${i}()`).join()}`)]],
    [
      'a search_path of 300 kB',
      () => [
        request.query(`SET search_path = ${Array.from({ length: 20_000 }, (_, i) => `'schema_${i}'`).join()}`),
        request.query('SELECT 1'),
      ],
    ],
    [
      '1,600 columns named by control characters',
      () => [request.query(`SELECT ${Array.from({ length: 1_600 }, () => `1 AS "${'\u0001'.repeat(63)}"`).join()}`)],
    ],
  ])('does not end the sessions of others with %s', async (_, messages) => {
    const neighbour = await rawConnect(world, 'bot', token);
    const client = await rawConnect(world, 'bot', token);
    client.send(...messages());
    await setTimeout(2_500); // a proxy that fails drains for a second before it ends
    try {
      neighbour.send(request.query('SELECT 1'));
      expect(await neighbour.ready()).toContain('C SELECT 1');
    } finally {
      client.close();
      neighbour.close();
    }
  });

  it('does not end the sessions of others with random bytes before, within and behind TLS, or with half a handshake', async () => {
    const neighbour = await rawConnect(world, 'bot', token);
    const garbage = Array.from({ length: 40 }, (_, i) =>
      Buffer.from(Array.from({ length: 60 }, (__, j) => (i * 7919 + j * 104_729) % 251)),
    );
    const openings = [
      ...garbage,
      Buffer.from([0x16, 3, 1, 0, 200, 1, 0]),
      Buffer.concat([Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f]), Buffer.from('plain behind SSLRequest')]),
      Buffer.from([0x7f, 0xff, 0xff, 0xff, 0, 3, 0, 0]),
      Buffer.from([0, 0, 0, 4]),
      Buffer.from([0, 0, 0, 8, 4, 0xd2, 0x16, 0x2e]),
    ];
    for (const bytes of openings) {
      const socket = connectTcp(world.proxyPort, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.end(bytes);
      socket.resume();
    }
    for (const bytes of garbage.slice(0, 8)) {
      const client = await rawConnect(world, 'bot', token);
      client.send(bytes);
      setImmediate(() => client.socket.destroy());
    }
    await setTimeout(2_000);
    neighbour.send(request.query('SELECT 1'));
    expect(await neighbour.ready()).toContain('C SELECT 1');
    neighbour.close();
  });

  it('leaves no session behind when it hangs up while its session is being made', async () => {
    const before = await sessionsOf(world);
    const late: RawClient[] = [];
    for (let i = 0; i < 5; i++) {
      const attempt = rawConnect(world, 'bot', token, 'app').then((client) => late.push(client));
      attempt.catch(() => undefined);
      await attempt;
    }
    for (const client of late) client.close();
    for (let i = 0; i < 8; i++) await hangUpAfterToken(world, token, 1 + i);
    await setTimeout(2_000);
    expect(await sessionsOf(world)).toBe(before);
  });
});

/** Sends start-up and token, and is gone some milliseconds later. */
async function hangUpAfterToken(world: World, token: string, ms: number): Promise<void> {
  const { connect: connectTls } = await import('node:tls');
  const { encodeSslRequest, encodeStartup } = await import('#pgwire');
  const plain = connectTcp(world.tap.port, '127.0.0.1');
  plain.on('error', () => undefined);
  await new Promise((resolve) => plain.once('connect', resolve));
  plain.write(encodeSslRequest());
  await new Promise((resolve) => plain.once('data', resolve));
  const socket = connectTls({ socket: plain, ca: world.certificates.ca, servername: 'localhost' });
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  socket.write(
    encodeStartup(0, [
      ['user', 'bot'],
      ['database', 'app'],
    ]),
  );
  await new Promise((resolve) => socket.once('data', resolve));
  socket.write(request.password(token));
  await setTimeout(ms);
  socket.destroy();
}

async function sessionsOf(world: World): Promise<number> {
  const admin = await world.direct();
  const { rows } = await admin.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity WHERE usename = '${login.name}'`,
  );
  await admin.end();
  return rows[0]?.n ?? -1;
}
