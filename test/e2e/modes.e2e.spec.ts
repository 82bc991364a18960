import pg from 'pg';
import { openPolicy } from './policies.js';
import { startVoter, type Voter } from './voter.js';
import { login, startWorld, type World } from './world.js';

const anna = { by: { issuer: 'https://id.example', subject: 'anna' }, groups: ['approvers'] };
const massDelete = 'DELETE FROM item WHERE id > $1';

interface Refused {
  readonly code: string;
  readonly detail: string;
}

describe('a session whose mode is', () => {
  let world: World;
  let voter: Voter;
  let token: string;

  const inMode = async <T>(mode: string, use: (client: pg.Client) => Promise<T>): Promise<T> => {
    const client = new pg.Client({ ...world.client('bot', token), options: `-c sallyport.mode=${mode}` });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await use(client);
    } finally {
      await client.end();
    }
  };
  const refusal = (sql: string, values?: readonly unknown[]) => async (client: pg.Client) => {
    const { code, detail } = await client.query(sql, values && [...values]).then(
      () => ({ code: 'ran', detail: '{}' }),
      (error: unknown) => error as Refused,
    );
    return { code, ...(JSON.parse(detail) as object) };
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
      initSql: `CREATE TABLE item AS SELECT g AS id FROM generate_series(1, 100) g; GRANT ALL ON item TO ${login.name}`,
    });
    token = await world.token('bot', ['agents']);
    voter = await startVoter(world.dataDir);
  }, 60_000);
  afterAll(async () => {
    await voter.close();
    await world.stop();
  }, 30_000);

  it('explain: is told what would be decided of each statement; nothing runs, and nobody is asked', async () => {
    expect(await inMode('explain', refusal('INSERT INTO item VALUES (101)'))).toMatchObject({
      ...{ code: '57014', decision: 'allow', rule: 'everything-else', retry: false },
    });
    expect(await inMode('explain', refusal('DROP TABLE item'))).toMatchObject({
      code: '42501',
      decision: 'deny',
      rule: 'no-drop',
    });
    const held = await inMode('explain', refusal(massDelete, [1]));
    expect(held).toMatchObject({ code: '57014', decision: 'hold', rule: 'mass-write' });
    expect(held).not.toHaveProperty('approval');
    expect(await left()).toBe(100);
    const { events } = await world.record();
    expect(events.filter(({ type }) => type === 'statement.held')).toEqual([]);
    expect(events.flatMap((event) => (event.type === 'statement.decided' ? [event.data.verdict] : []))).toEqual(
      Array.from({ length: 3 }, () => 'deny'),
    );
  });

  it('ask, and then retry: an approval is asked for without a wait, and spent by who runs the statement', async () => {
    expect(await inMode('ask', refusal('SELECT 1'))).toMatchObject({ code: '57014', decision: 'allow' });
    const asked = await inMode('ask', refusal(massDelete, [40]));
    expect(asked).toMatchObject({ code: '42501', decision: 'hold', rule: 'mass-write', retry: true });
    const began = Date.now();
    expect(await inMode('retry', refusal(massDelete, [40]))).toMatchObject({ ...asked, statement: expect.any(String) as string });
    expect(Date.now() - began).toBeLessThan(10_000);

    await voter.vote('granted', anna);
    const granted = async (): Promise<unknown> => {
      for (;;) {
        const answer = await inMode('ask', refusal(massDelete, [40]));
        if (answer.code !== '42501') return answer;
      }
    };
    expect(await granted()).toMatchObject({ code: '57014', decision: 'allow', rule: 'mass-write' });
    expect(await left()).toBe(100);
    expect(await inMode('retry', (client) => client.query(massDelete, [40]))).toMatchObject({ rowCount: 60 });
    expect(await left()).toBe(40);
    expect(await inMode('retry', refusal(massDelete, [40]))).toMatchObject({ code: '42501', decision: 'hold' });
  });

  it('none that there is: is refused at its start', async () => {
    await expect(inMode('maybe', refusal('SELECT 1'))).rejects.toMatchObject({
      code: '22023',
      hint: 'Modes are: wait, retry, ask, explain.',
    });
  });
});
