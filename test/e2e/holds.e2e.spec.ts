import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import type pg from 'pg';
import { openPolicy } from './policies.js';
import { startVoter, type Voter } from './voter.js';
import { login, startWorld, type World } from './world.js';

const anna = { by: { issuer: 'https://id.example', subject: 'anna' }, groups: ['approvers'] };
const eve = { by: { issuer: 'https://id.example', subject: 'eve' }, groups: ['agents'] };

describe('a held statement', () => {
  let world: World;
  let voter: Voter;
  let token: string;
  const open: pg.Client[] = [];

  const connect = async (): Promise<pg.Client> => {
    const client = await world.connect('bot', token);
    open.push(client);
    return client;
  };
  const fill = async (rows: number): Promise<void> => {
    const admin = await world.direct();
    await admin.query('TRUNCATE item');
    await admin.query('INSERT INTO item SELECT g FROM generate_series(1, $1::int) g', [rows]);
    await admin.end();
  };
  const left = async (): Promise<number> => {
    const admin = await world.direct();
    const { rows } = await admin.query<{ n: number }>('SELECT count(*)::int AS n FROM item');
    await admin.end();
    return rows[0]?.n ?? -1;
  };

  beforeAll(async () => {
    world = await startWorld({
      policy: openPolicy,
      initSql: `CREATE TABLE item (id int); GRANT ALL ON item TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
    voter = await startVoter(world.dataDir);
  }, 60_000);
  afterAll(async () => {
    for (const client of open) void client.end();
    await voter.close();
    await world.stop();
  }, 30_000);
  beforeEach(() => fill(100));

  it('waits for an approval, tells its client so, and runs once', async () => {
    const client = await connect();
    const notices: string[] = [];
    client.on('notice', ({ message }) => notices.push(message ?? ''));
    const running = client.query('DELETE FROM item');
    await voter.vote('granted', anna);
    expect((await running).rowCount).toBe(100);
    expect(notices).toEqual([expect.stringMatching(/is held by rule mass-write: waiting up to 30 s for approvers/)]);
    expect(await left()).toBe(0);
  });

  it('waits in the extended protocol, with its parameters', async () => {
    const client = await connect();
    const running = client.query('DELETE FROM item WHERE id > $1', [40]);
    await voter.vote('granted', anna);
    expect((await running).rowCount).toBe(60);
  });

  it('is refused when an approver denies it, and the session goes on', async () => {
    const client = await connect();
    const running = client.query('DELETE FROM item');
    running.catch(() => undefined);
    await voter.vote('denied', anna);
    await expect(running).rejects.toMatchObject({ code: '42501' });
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    expect(await left()).toBe(100);
  });

  it('is not moved by whoever may not vote', async () => {
    const client = await connect();
    const running = client.query('DELETE FROM item WHERE id < 1000');
    running.catch(() => undefined);
    await voter.vote('granted', eve);
    const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
    await cancel(world.tap.port, processID, secretKey);
    await expect(running).rejects.toMatchObject({ code: '57014' });
    expect(await left()).toBe(100);
  });

  it('is refused in a transaction, where nobody waits, and one of ten retries runs once it is approved', async () => {
    const client = await connect();
    const statement = 'DELETE FROM item WHERE id <= 50 OR id IS NULL';
    await client.query('BEGIN');
    const refused = (await client.query(statement).catch((error: unknown) => error)) as { code: string; detail: string };
    await client.query('ROLLBACK');
    expect(refused.code).toBe('42501');
    expect(JSON.parse(refused.detail)).toMatchObject({ decision: 'hold', rule: 'mass-write', retry: true });
    const approval = await voter.vote('granted', anna);
    expect(JSON.parse(refused.detail)).toMatchObject({ approval });

    const others = await Promise.all(Array.from({ length: 10 }, connect));
    const altered =
      (await others[0]?.query('BEGIN')) && (await others[0]?.query(`${statement} `).catch((error: unknown) => error));
    expect(altered).toMatchObject({ code: '42501' });
    await others[0]?.query('ROLLBACK');
    const attempts = await Promise.all(
      others.map(async (other) => {
        await other.query('BEGIN');
        const outcome = await other.query(statement).then(
          () => 'ran',
          (error: unknown) => (error as { code: string }).code,
        );
        await other.query(outcome === 'ran' ? 'COMMIT' : 'ROLLBACK');
        return outcome;
      }),
    );
    expect(attempts.filter((outcome) => outcome === 'ran')).toHaveLength(1);
    expect(attempts.filter((outcome) => outcome === '42501')).toHaveLength(9);
    expect(await left()).toBe(50);
  });
});

async function cancel(port: number, pid: number, secret: number): Promise<void> {
  const packet = Buffer.alloc(16);
  packet.writeInt32BE(16, 0);
  packet.writeInt32BE(80_877_102, 4);
  packet.writeInt32BE(pid, 8);
  packet.writeInt32BE(secret, 12);
  const socket = connectTcp(port, '127.0.0.1');
  socket.end(packet);
  await once(socket, 'close');
}
