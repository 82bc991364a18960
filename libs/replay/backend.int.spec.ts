import { serialize as frontend } from 'pg-protocol';
import { rowValues } from './frames.js';
import { currentRole, effective, evolve, initialState, type SessionState, stateHash } from './index.js';
import { Connection, type Server, startPostgres } from './testing/postgres.js';
import { c, s, Script } from './testing/script.js';

let server: Server;
beforeAll(async () => {
  server = await startPostgres();
}, 60_000);
afterAll(() => server.stop(), 60_000);

const texts = [
  ...[
    'BEGIN',
    'BEGIN',
    'BEGIN ISOLATION LEVEL REPEATABLE READ',
    'COMMIT',
    'END',
    'ROLLBACK',
    'COMMIT AND CHAIN',
    'ROLLBACK AND CHAIN',
  ],
  ...['SAVEPOINT a', 'SAVEPOINT b', 'ROLLBACK TO a', 'ROLLBACK TO SAVEPOINT b', 'RELEASE a', 'RELEASE SAVEPOINT b'],
  ...["SET work_mem = '5MB'", "SET LOCAL work_mem TO '6MB'", "SET app.x = 'one'", "SET LOCAL app.x = 'two'", 'RESET work_mem'],
  ...[
    "SET TIME ZONE 'utc'",
    "SET LOCAL timezone = 'Europe/Berlin'",
    'SET DateStyle = german',
    'RESET ALL',
    'SET work_mem TO DEFAULT',
  ],
  ...[
    'SET ROLE ada',
    'SET LOCAL ROLE bob',
    'SET ROLE NONE',
    'RESET ROLE',
    'SET SESSION AUTHORIZATION bob',
    'SET LOCAL SESSION AUTHORIZATION ada',
  ],
  ...['RESET SESSION AUTHORIZATION', 'SET search_path TO app, "$user"', 'SET LOCAL search_path = public', "SET SCHEMA 'App'"],
  ...['PREPARE p1 AS SELECT 1', 'PREPARE p2 (int) AS SELECT $1', 'DEALLOCATE p1', 'DEALLOCATE ALL', 'EXECUTE p1'],
  ...['DECLARE c1 CURSOR FOR SELECT generate_series(1, 5)', 'DECLARE c2 CURSOR WITH HOLD FOR SELECT generate_series(1, 5)'],
  ...['FETCH 2 FROM c1', 'FETCH ALL c2', 'MOVE 1 IN c1', 'CLOSE c1', 'CLOSE c2', 'CLOSE ALL'],
  ...[
    'CREATE TEMP TABLE t1 (a int)',
    'CREATE TEMPORARY TABLE IF NOT EXISTS t2 (a int) ON COMMIT DROP',
    'SELECT 1 AS a INTO TEMP t3',
  ],
  ...[
    'DROP TABLE t1',
    'DROP TABLE IF EXISTS t1, t3',
    'CREATE TABLE pg_temp.t4 AS SELECT 1',
    'DISCARD TEMP',
    'DISCARD ALL',
    'DISCARD PLANS',
  ],
  ...['SELECT 1/0', 'SELECT 1', 'nonsense', '', 'SELECT * FROM app.kept', 'COPY (SELECT 1) TO STDOUT'],
];

/** What the backend itself says of its session. */
const probe = `SELECT json_build_object(
  'role', current_user,
  'searchPath', current_setting('search_path'),
  'settings', json_build_array(current_setting('work_mem'), current_setting('TimeZone'), current_setting('DateStyle'),
                               coalesce(current_setting('app.x', true), '')),
  'isolation', current_setting('transaction_isolation'),
  'prepared', (SELECT coalesce(json_agg(name ORDER BY name COLLATE "C"), '[]') FROM pg_prepared_statements WHERE name <> 'probe'),
  'portals', (SELECT coalesce(json_agg(name ORDER BY name COLLATE "C"), '[]') FROM pg_cursors WHERE name <> 'probe'),
  'temp', (SELECT coalesce(json_agg(relname ORDER BY relname COLLATE "C"), '[]')
           FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relkind = 'r'))`;

/** Asked beside the recording, under names of its own, so that the unnamed statement and portal stay as they are. */
const probing = Buffer.concat([
  frontend.parse({ name: 'probe', text: probe }),
  frontend.bind({ portal: 'probe', statement: 'probe' }),
  frontend.execute({ portal: 'probe' }),
  frontend.close({ type: 'P', name: 'probe' }),
  frontend.close({ type: 'S', name: 'probe' }),
  frontend.sync(),
]);

interface Answer {
  readonly role: string;
  readonly searchPath: string;
  readonly settings: readonly string[];
  readonly isolation: string;
  readonly prepared: readonly string[];
  readonly portals: readonly string[];
  readonly temp: readonly string[];
}

async function asked(connection: Connection): Promise<Answer> {
  const frames = await connection.ask(probing);
  const row = frames.find((frame) => frame[0] === 'D'.charCodeAt(0));
  if (!row) throw new Error(frames.map((frame) => frame.toString('latin1')).join('\n'));
  return JSON.parse(Buffer.from(rowValues(row)?.[0] ?? []).toString()) as Answer;
}

/** The same, of the folded state. What it names unknown is taken from the backend: it claims nothing about that. */
function claimed({ scope, prepared, portals }: SessionState, at: Answer, start: Answer): Answer {
  const names = ['work_mem', 'TimeZone', 'DateStyle', 'app.x'];
  const settingOf = (name: string): string | undefined => {
    const found = scope.settings.find((setting) => setting.name.toLowerCase() === name.toLowerCase());
    return found === undefined ? undefined : (effective(found) ?? undefined);
  };
  return {
    role: currentRole(scope) ?? '',
    searchPath: settingOf('search_path') ?? start.searchPath,
    settings: names.map((name, i) => settingOf(name) ?? start.settings[i] ?? ''),
    isolation: settingOf('transaction_isolation') ?? start.isolation,
    prepared: prepared.map(({ name }) => name).filter((name) => name !== ''),
    portals: portals.map(({ name }) => name),
    temp: scope.tempTables.map(({ name }) => name),
  };
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
        const { bytes, says } = random(2) === 0 ? simple(random) : extended(random);
        said.push(says);
        await exchange(connection, bytes, says.startsWith('Query'), script);
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
async function exchange(connection: Connection, bytes: Buffer, isSimple: boolean, script: Script): Promise<void> {
  script.passed(c(bytes));
  connection.send(bytes);
  for (;;) {
    const frame = await connection.frame();
    script.passed(s(frame));
    const type = String.fromCharCode(frame[0] ?? 0);
    if (type === 'Z') return;
    if (type === 'G') {
      const end = isSimple ? [] : [frontend.sync()]; // the one before was ignored
      const data = Buffer.concat([frontend.copyData(Buffer.from('1\n')), frontend.copyDone(), ...end]);
      script.passed(c(data));
      connection.send(data);
    }
  }
}

type Random = (below: number) => number;
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

function simple(random: Random): { bytes: Buffer; says: string } {
  const text = Array.from({ length: 1 + random(3) }, () => pick(random, [...texts, copyIn])).join(';');
  return { bytes: frontend.query(text), says: `Query ${text}` };
}

const copyIn = 'COPY app.kept FROM STDIN';
/** Under a name of its own, so that nothing follows it in a pipeline: Postgres 18 may die of a COPY that is broken off so. */
const copyingIn = (name: string): { bytes: Buffer; says: string } => ({
  bytes: Buffer.concat([
    frontend.parse({ name, text: copyIn }),
    frontend.bind({ statement: name }),
    frontend.execute(),
    frontend.sync(),
  ]),
  says: `${copyIn} as ${name}`,
});

function extended(random: Random): { bytes: Buffer; says: string } {
  if (random(12) === 0) return copyingIn(`in${random(1_000_000)}`);
  const frames: Buffer[] = [];
  const says: string[] = [];
  for (let i = 1 + random(3); i > 0; i--) {
    const name = pick(random, ['', 's1', 's2']);
    // Postgres 18 dies of executing an unnamed portal that outlived its statement, so that is not tried.
    const portal = pick(random, ['', 'o1', 'o2']);
    const text = pick(random, [...texts, 'SELECT generate_series(1, 3)', 'SELECT generate_series(1, 3)']);
    const action = random(8);
    if (action === 0) frames.push(frontend.close({ type: 'S', name }));
    else if (action === 1) frames.push(frontend.close({ type: 'P', name: portal }));
    else if (action === 2) frames.push(frontend.execute({ portal: portal || 'o1', rows: 1 }));
    else if (action === 3) frames.push(frontend.describe({ type: 'S', name }));
    else {
      if (action !== 4) frames.push(frontend.parse({ name, text }));
      frames.push(frontend.bind({ portal, statement: name }), frontend.describe({ type: 'P', name: portal }));
      if (action !== 5) frames.push(frontend.execute({ portal, rows: random(3) }));
    }
    says.push(`${action} ${name}|${portal} ${text}`);
  }
  return { bytes: Buffer.concat([...frames, frontend.sync()]), says: says.join(' & ') };
}

/** The same numbers for the same seed (mulberry32). */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
