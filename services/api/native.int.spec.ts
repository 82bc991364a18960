import 'reflect-metadata';
import type { Draft } from '#event-log';
import { RecordedSession } from './fixtures/recorded.js';
import { Rig } from './fixtures/rig.js';

const id = '01936f00-0000-7000-8000-000000000001';
/** The server's clock is an hour ahead. */
const ahead = Date.now() + 3_600_000;
const start = Math.floor(ahead / 1_000) * 1_000;

type Observed = Extract<Draft, { type: 'native.observed' }>;
const observed = (
  line: number,
  tells: Observed['data']['tells'],
  message: string,
  over: Partial<Observed['data']> = {},
): Draft => {
  const text = `${JSON.stringify({ timestamp: 't', error_severity: 'LOG', message, detail: `detail ${line}` })}\n`;
  const place = { target: 'demo', file: 'postgresql.json', head: 'a'.repeat(64), from: line * 100, to: line * 100 + 100 };
  const isSecret = /password/i.test(message);
  return {
    type: 'native.observed',
    data: { ...place, format: 'jsonlog', time: ahead + line, pid: 99, start, line, severity: 'LOG', tells, ...over },
    parts: [{ name: 'native', bytes: [Buffer.from(text)], ...(isSecret && { withheld: 'secret' as const }) }],
  };
};

describe("what Postgres' own log says of a session", () => {
  let rig: Rig;
  beforeAll(async () => {
    const explained = { target: 'demo', pid: 99, start, by: { kind: 'session' as const, session: id }, inputs: [] };
    const session = new RecordedSession(id).read(['Ada']).drafts;
    rig = await Rig.start({ before: [observed(1, 'connection', 'another', { pid: 98 }), ...session.slice(0, 2)] });
    await rig.happens([
      ...session.slice(2),
      observed(1, 'connection', 'connection received: host=127.0.0.1'),
      observed(2, 'authorization', 'connection authorized: user=app_ro'),
      observed(7, 'statement', 'statement of a later backend', { start: start + 5_000 }),
      observed(3, 'statement', "statement: ALTER ROLE x PASSWORD 'y'", { command: 'ALTER', us: 12 }),
      { type: 'native.explained', data: explained },
      observed(4, 'disconnection', 'disconnection: session time'),
    ]);
  });
  afterAll(() => rig.stop());

  const native = async (who: 'viewer' | 'responder') => {
    const { status, body } = await rig.get(who, `sessions/${id}/native`);
    expect(status).toBe(200);
    return body as { items: Record<string, unknown>[]; leftOut: number };
  };

  it('is read from the log, with the step that each record follows and its words', async () => {
    const { items, leftOut } = await native('responder');
    expect(leftOut).toBe(0);
    expect(items.map(({ tells, message, detail, withheld }) => [tells, message, detail, withheld])).toEqual([
      ['connection', 'connection received: host=127.0.0.1', 'detail 1', null],
      ['authorization', 'connection authorized: user=app_ro', 'detail 2', null],
      ['statement', null, null, 'secret'],
      ['disconnection', 'disconnection: session time', 'detail 4', null],
    ]);
    // Put right: it was let in before the session was ready, which is step 2.
    expect(items.slice(0, 2).map(({ after }) => after)).toEqual([1, 1]);
    expect(items[2]).toMatchObject({ command: 'ALTER', us: 12, file: 'postgresql.json', from: 300, to: 400, time: ahead + 3 });
  });

  it('is facts alone for who does not see what was said', async () => {
    const { items } = await native('viewer');
    expect(items.map(({ tells, message, withheld }) => [tells, message, withheld])).toEqual(
      ['connection', 'authorization', 'statement', 'disconnection'].map((tells) => [tells, null, 'role']),
    );
  });

  it('is nothing for a session of which nothing is known', async () => {
    expect(await rig.get('viewer', 'sessions/01936f00-0000-7000-8000-0000000000ff/native')).toMatchObject({ status: 404 });
  });
});
