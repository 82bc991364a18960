import { type Step, steps } from '#replay';
import { type Answer, claimed, copyRows, generator, type Move, move, question, questionText } from '../seeded-session/index.js';
import { type RawClient, rawConnect } from './raw-client.js';
import { closedRecording } from './recording.js';
import { login, startWorld, type World } from './world.js';

/** TRUNCATE is refused wherever it comes; all else runs. */
const policy = `version: 1
roles:
  - { name: app, groups: [agents], target: main, databases: ['*'], login: ${login.name} }
rules:
  - { name: no-truncate, when: { verbs: [TRUNCATE] }, then: deny, reason: rows stay }
  - { name: everything-else, when: {}, then: allow }
`;

/** Code that changes what the wire does not show: the state has to say so, and to know again what a later event tells. */
const hidden = [
  "SELECT set_config('app.x', 'three', true)",
  "SELECT app.become('bob')",
  "DO $$ BEGIN PERFORM set_config('work_mem', '7MB', false); END $$",
];
const moves = 60;

describe('replay of a session through the proxy', () => {
  let world: World;

  beforeAll(async () => {
    world = await startWorld({
      policy,
      initSql: `CREATE ROLE ada; CREATE ROLE bob; GRANT ada, bob TO ${login.name}; CREATE SCHEMA app; CREATE TABLE app.kept (a int);
        CREATE FUNCTION app.become(text) RETURNS text LANGUAGE sql AS 'SELECT set_config(''role'', $1, false)';
        GRANT USAGE ON SCHEMA app TO PUBLIC; GRANT ALL ON app.kept TO PUBLIC; GRANT TEMP ON DATABASE app TO PUBLIC;`,
    });
  }, 60_000);
  afterAll(() => world.stop(), 30_000);

  it.each([
    [1, []],
    [7, []],
    [9, []],
    [11, []],
    [4, hidden],
  ])(
    'gives at each step what the backend answered there (seed %i)',
    async (seed, more) => {
      const random = generator(seed);
      const user = `bot ${seed}`;
      const client = await rawConnect(world, user, await world.token(user, ['agents']));
      const said: string[] = [];
      const asked: { readonly last: readonly string[]; readonly status: string; readonly answer: Answer }[] = [];
      const ask = async (): Promise<void> => {
        client.send(question);
        const told = await client.ready();
        const row = told.find((one) => one.startsWith('D '));
        const status = (told.at(-1) ?? '').slice(2);
        // In a failed transaction there is no answer.
        if (row !== undefined) asked.push({ last: said.slice(-6), status, answer: answerOf(row) });
      };
      await ask();
      for (let i = 0; i < moves; i++) {
        const batch = Array.from({ length: 1 + (random(4) === 0 ? random(3) : 0) }, () => move(random, more));
        said.push(...batch.map(({ says }) => says));
        await exchange(client, batch).catch((error: unknown) => {
          throw new Error(said.slice(-6).join('\n'), { cause: error });
        });
        if (random(3) > 0) await ask();
      }
      client.close();
      const found = await stepsAnswering(user);
      const start = asked[0]?.answer as Answer;
      expect(found.length).toBe(asked.length);
      let knowing = 0;
      for (const [i, { last, status, answer }] of asked.entries()) {
        const { state } = found[i] as Step;
        const { transaction, skipping, copy, unknown } = state;
        expect({ last, ...claimed(state, answer, start) }).toEqual({ last, ...answer });
        expect({ last, status: transaction.status, skipping, copy }).toEqual({ last, status, skipping: false, copy: null });
        if (more.length === 0) expect({ last, unknown }).toEqual({ last, unknown: [] });
        if (unknown.length === 0) knowing++;
      }
      expect(knowing).toBeGreaterThan(0);
    },
    60_000,
  );

  /** The steps at whose end the question was answered, of this user's session. */
  const stepsAnswering = async (user: string): Promise<Step[]> =>
    [...steps(await closedRecording(world, user))].filter(
      ({ sql, event }) => sql === questionText && event.type === 'statement.completed' && event.data.rows === 1,
    );
});

const answerOf = (row: string): Answer => JSON.parse(row.slice(row.indexOf('{'))) as Answer;

/** Sends all at once where nothing in it asks for data; feeds what does. Up to the last ReadyForQuery. */
async function exchange(client: RawClient, batch: readonly Move[]): Promise<void> {
  const copies = batch.some(({ says }) => says.includes('FROM STDIN'));
  if (!copies) client.send(...batch.map(({ bytes }) => bytes));
  for (const { bytes, form } of batch) {
    if (copies) client.send(bytes);
    while (!(await answered(client))) client.send(copyRows(form));
  }
}

/** False: the server asks for data. */
async function answered(client: RawClient): Promise<boolean> {
  const isEnd = (one: string): boolean => one === 'G' || one.startsWith('Z');
  const told = await client.until((seen) => seen.some(isEnd));
  const end = told.findIndex(isEnd);
  client.told.unshift(...told.slice(end + 1));
  return told[end] !== 'G';
}
