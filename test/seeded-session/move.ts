import { serialize as frontend } from 'pg-protocol';

/** A number from 0 up to, not including, `below`. */
export type Random = (below: number) => number;

/** What a client sends at once, up to what a ReadyForQuery answers. */
export interface Move {
  readonly bytes: Buffer;
  readonly says: string;
  readonly form: 'simple' | 'extended';
}

const texts = [
  ...['BEGIN', 'BEGIN', 'BEGIN ISOLATION LEVEL REPEATABLE READ', 'COMMIT', 'END', 'ROLLBACK'],
  ...['COMMIT AND CHAIN', 'ROLLBACK AND CHAIN'],
  ...['SAVEPOINT a', 'SAVEPOINT b', 'ROLLBACK TO a', 'ROLLBACK TO SAVEPOINT b', 'RELEASE a', 'RELEASE SAVEPOINT b'],
  ...["SET work_mem = '5MB'", "SET LOCAL work_mem TO '6MB'", "SET app.x = 'one'", "SET LOCAL app.x = 'two'", 'RESET work_mem'],
  ...["SET TIME ZONE 'utc'", "SET LOCAL timezone = 'Europe/Berlin'", 'SET DateStyle = german', 'RESET ALL'],
  ...['SET work_mem TO DEFAULT', 'SET ROLE ada', 'SET LOCAL ROLE bob', 'SET ROLE NONE', 'RESET ROLE'],
  ...['SET SESSION AUTHORIZATION bob', 'SET LOCAL SESSION AUTHORIZATION ada', 'RESET SESSION AUTHORIZATION'],
  ...['SET search_path TO app, "$user"', 'SET LOCAL search_path = public', "SET SCHEMA 'App'"],
  ...['PREPARE p1 AS SELECT 1', 'PREPARE p2 (int) AS SELECT $1', 'DEALLOCATE p1', 'DEALLOCATE ALL', 'EXECUTE p1'],
  ...['DECLARE c1 CURSOR FOR SELECT generate_series(1, 5)', 'DECLARE c2 CURSOR WITH HOLD FOR SELECT generate_series(1, 5)'],
  ...['FETCH 2 FROM c1', 'FETCH ALL c2', 'MOVE 1 IN c1', 'CLOSE c1', 'CLOSE c2', 'CLOSE ALL'],
  ...['CREATE TEMP TABLE t1 (a int)', 'CREATE TEMPORARY TABLE IF NOT EXISTS t2 (a int) ON COMMIT DROP'],
  ...['SELECT 1 AS a INTO TEMP t3', 'CREATE TABLE pg_temp.t4 AS SELECT 1', 'DROP TABLE t1', 'DROP TABLE IF EXISTS t1, t3'],
  ...['DISCARD TEMP', 'DISCARD ALL', 'DISCARD PLANS', 'TRUNCATE app.kept', 'INSERT INTO app.kept VALUES (1)'],
  ...['SELECT 1/0', 'SELECT 1', 'nonsense', '', 'SELECT * FROM app.kept', 'COPY (SELECT 1) TO STDOUT'],
];
const copyIn = 'COPY app.kept FROM STDIN';
const pick = <T>(random: Random, from: readonly T[]): T => from[random(from.length)] as T;

/**
 * The next move of a seeded client: a Query of up to three statements, or a pipeline of the extended protocol. Needs the roles ada and
 * bob, and a table app.kept (a int).
 * @param more statements beside those that every backend takes alike
 */
export const move = (random: Random, more: readonly string[] = []): Move => {
  const from = [...texts, ...more];
  return random(2) === 0 ? simple(random, from) : extended(random, from);
};

/** What a CopyInResponse is answered with. */
export const copyRows = (form: Move['form']): Buffer => {
  const end = form === 'simple' ? [] : [frontend.sync()]; // the one before was ignored
  return Buffer.concat([frontend.copyData(Buffer.from('1\n')), frontend.copyDone(), ...end]);
};

function simple(random: Random, from: readonly string[]): Move {
  const text = Array.from({ length: 1 + random(3) }, () => pick(random, [...from, copyIn])).join(';');
  return { bytes: frontend.query(text), says: `Query ${text}`, form: 'simple' };
}

/** Under a name of its own, so that nothing follows it in a pipeline: Postgres 18 may die of a COPY that is broken off so. */
const copyingIn = (name: string): Move => ({
  bytes: Buffer.concat([
    frontend.parse({ name, text: copyIn }),
    frontend.bind({ statement: name }),
    frontend.execute(),
    frontend.sync(),
  ]),
  says: `${copyIn} as ${name}`,
  form: 'extended',
});

function extended(random: Random, from: readonly string[]): Move {
  if (random(12) === 0) return copyingIn(`in${random(1_000_000)}`);
  const frames: Buffer[] = [];
  const says: string[] = [];
  for (let i = 1 + random(3); i > 0; i--) {
    const name = pick(random, ['', 's1', 's2']);
    // Postgres 18 dies of executing an unnamed portal that outlived its statement, so that is not tried.
    const portal = pick(random, ['', 'o1', 'o2']);
    const text = pick(random, [...from, 'SELECT generate_series(1, 3)', 'SELECT generate_series(1, 3)']);
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
  return { bytes: Buffer.concat([...frames, frontend.sync()]), says: says.join(' & '), form: 'extended' };
}

/** The same numbers for the same seed (mulberry32). */
export function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}
