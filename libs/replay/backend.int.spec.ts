import type { PartName } from '#events';
import { type Answer, claimed, copyRows, generator, type Move, move, question } from '../../test/seeded-session/index.js';
import { rowValues } from './frames.js';
import { evolve, initialState, type Recorded, type SessionState, stateHash } from './index.js';
import { Connection, type Server, startPostgres } from './testing/postgres.js';
import { c, s, Script } from './testing/script.js';

let server: Server;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop(), 60_000);

/** Asked beside the recording. */
async function asked(connection: Connection): Promise<Answer> {
  const frames = await connection.ask(question);
  const row = frames.find((frame) => frame[0] === 'D'.charCodeAt(0));
  if (!row) throw new Error(frames.map((frame) => frame.toString('latin1')).join('\n'));
  return JSON.parse(Buffer.from(rowValues(row)?.[0] ?? []).toString()) as Answer;
}

const steps = 150;

/** What the seeded sessions below left on record. */
const sessions: (readonly Recorded[])[] = [];
const fold = (session: readonly Recorded[], from = initialState): SessionState =>
  session.reduce((state, { event, parts }) => evolve(state, event, parts), from);

describe('the folded state', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 16])(
    'is what the same backend answers, whatever it is asked to do (seed %i)',
    async (seed) => {
      const random = generator(seed);
      const connection = await Connection.open(server.port);
      const start = await asked(connection);
      const settings = [
        { name: 'DateStyle', value: start.settings[2] ?? '' },
        { name: 'TimeZone', value: start.settings[1] ?? '' },
        { name: 'search_path', value: start.searchPath },
      ];
      const script = new Script().ready(settings, start.role);
      let state = initialState;
      let folded = 0;
      const said: string[] = [];
      const hashes = new Set<string>();
      for (let i = 0; i < steps; i++) {
        const next = move(random);
        said.push(next.says);
        await exchange(connection, next, script);
        for (const { event, parts } of script.recorded.slice(folded)) state = evolve(state, event, parts);
        folded = script.recorded.length;
        hashes.add(stateHash(state));
        const { status } = state.transaction;
        const { pending, skipping, copy, unknown } = state;
        const last = said.slice(-8);
        expect({ last, pending, skipping, copy, unknown }).toEqual({
          last,
          pending: [],
          skipping: false,
          copy: null,
          unknown: [],
        });
        if (status === 'E') continue;
        const answer = await asked(connection);
        expect({ last, ...claimed(state, answer, start) }).toEqual({ last, ...answer });
      }
      expect(hashes.size).toBe(steps);
      connection.end();
      sessions.push(script.recorded);
    },
    30_000,
  );

  it('has the same hash in any batching, stored in between or not', () => {
    const random = generator(99);
    for (const session of sessions) {
      const whole = stateHash(fold(session));
      let state = initialState;
      for (let rest = session; rest.length > 0;) {
        const size = 1 + random(40);
        state = JSON.parse(JSON.stringify(fold(rest.slice(0, size), state))) as SessionState;
        rest = rest.slice(size);
      }
      expect(stateHash(state)).toBe(whole);
    }
  });

  it.each([
    ['row', 'D'],
    ['setting', 'S'],
    ['transaction status', 'Z'],
    ['command tag', 'C'],
  ])('has another hash where one %s is another', (_, type) => {
    const random = generator(type.charCodeAt(0));
    for (const session of sessions) {
      const saying = Array.from(session.keys()).filter((i) => lastByte(session[i] as Recorded, type) !== undefined);
      for (let i = 0; i < 8 && saying.length > 0; i++) {
        const at = saying[random(saying.length)] ?? 0;
        const one = session[at] as Recorded;
        const before = fold(session.slice(0, at));
        const [plain, other] = [one, changed(one, type)].map(({ event, parts }) => stateHash(evolve(before, event, parts)));
        expect(other).not.toBe(plain);
      }
    }
  });
});

/** Where the last byte of content lies in the event of one such message: of a cell, a status, or a text before its NUL. */
function lastByte({ event, parts }: Recorded, type: string): { readonly part: PartName; readonly at: number } | undefined {
  const part = type === 'D' ? 'rows' : 'wire';
  const [range] = event.wire ?? [];
  const length = parts.get(part)?.length ?? 0;
  if (range?.dir !== 's' || !range.msgs.startsWith(type) || length === 0) return undefined;
  return { part, at: length - (type === 'S' || type === 'C' ? 2 : 1) };
}

const changed = (one: Recorded, type: string): Recorded => {
  const found = lastByte(one, type);
  if (!found) return one;
  const bytes = Buffer.from(one.parts.get(found.part) ?? []);
  const was = String.fromCharCode(bytes[found.at] ?? 0);
  bytes.write(type === 'Z' ? (was === 'I' ? 'T' : 'I') : was === 'x' ? 'y' : 'x', found.at);
  return { event: one.event, parts: new Map([...one.parts, [found.part, bytes]]) };
};

/** Records what passes, up to ReadyForQuery, in events that are cut anywhere between messages. */
async function exchange(connection: Connection, { bytes, form }: Move, script: Script): Promise<void> {
  script.passed(c(bytes));
  connection.send(bytes);
  for (;;) {
    const frame = await connection.frame();
    script.passed(s(frame));
    const type = String.fromCharCode(frame[0] ?? 0);
    if (type === 'Z') return;
    if (type === 'G') {
      const data = copyRows(form);
      script.passed(c(data));
      connection.send(data);
    }
  }
}
