import { type Answer, claimed, copyRows, generator, type Move, move, question } from '../../test/seeded-session/index.js';
import { rowValues } from './frames.js';
import { evolve, initialState, stateHash } from './index.js';
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
    },
    30_000,
  );
});

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
