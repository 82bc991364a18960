import type pg from 'pg';
import { openPolicy } from './policies.js';
import { login, startWorld, type World } from './world.js';

describe('a proxy that is killed', () => {
  let world: World;
  let token: string;

  beforeAll(async () => {
    world = await startWorld({ policy: openPolicy, initSql: `CREATE TABLE item (id text); GRANT ALL ON item TO ${login.name}` });
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it('has every statement on record that took effect, and the next life closes its sessions as cut off', async () => {
    const clients = await Promise.all(Array.from({ length: 4 }, () => world.connect('bot', token)));
    const acknowledged: string[] = [];
    const writing = clients.map((client, i) => writeUntilGone(client, i, acknowledged));
    while (acknowledged.length < 40) await new Promise((resolve) => setTimeout(resolve, 5));
    await world.killProxy();
    await Promise.all(writing);
    await world.startProxy();

    const admin = await world.direct();
    const { rows } = await admin.query<{ id: string }>('SELECT id FROM item');
    await admin.end();
    const visible = new Set(rows.map(({ id }) => id));
    expect(acknowledged.filter((id) => !visible.has(id))).toEqual([]);

    const { events, parts } = await world.record();
    const recorded = parts.filter(({ header }) => header.name === 'sql').map(({ bytes }) => bytes.toString('utf8'));
    const all = recorded.join('\n');
    expect([...visible].filter((id) => !all.includes(`'${id}'`))).toEqual([]);

    const closed = events.flatMap((event) => (event.type === 'session.closed' ? [event.data] : []));
    expect(closed).toHaveLength(4);
    for (const one of closed) expect(one).toMatchObject({ reason: 'crash', tail: 'unknown' });
    const decided = events
      .filter((event) => event.type === 'statement.decided')
      .map((event) => `${event.session}/${event.data.n}`);
    const completed = events
      .filter((event) => event.type === 'statement.completed')
      .map((event) => `${event.session}/${event.data.n}`);
    expect(new Set(completed)).toEqual(new Set(decided));
    for (const session of new Set(events.map((event) => event.session))) {
      const seqs = events.filter((event) => event.session === session).map(({ seq }) => seq);
      expect(seqs).toEqual(seqs.map((_, i) => i));
    }
    const starts = events.flatMap((event) => (event.type === 'producer.started' ? [event] : []));
    expect(starts.map(({ data }) => data.boot)).toEqual([1, 2]);
    expect(starts[1]?.data.previous?.producer).toBe(starts[0]?.producer);
  });

  it('serves new sessions in its next life', async () => {
    const client = await world.connect('bot', token);
    expect((await client.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
    await client.end();
  });
});

/** Writes row after row, and notes each that is acknowledged, until its connection breaks. */
async function writeUntilGone(client: pg.Client, who: number, acknowledged: string[]): Promise<void> {
  try {
    for (let i = 0; ; i++) {
      const id = `row-${who}-${i}`;
      await client.query(`INSERT INTO item VALUES ('${id}')`);
      acknowledged.push(id);
    }
  } catch {
    // The connection broke: that is what was waited for.
  }
}
