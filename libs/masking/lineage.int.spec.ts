import pg from 'pg';
import { compile } from '#policy';
import { type Catalog, CatalogReader, resolve, type Resolved, SqlParser, type Written } from '#sql';
import { type Postgres, startPostgres } from '../../test/postgres/index.js';
import { carriedBy, isFaithful, lineageOf, maskPlan, type MaskPlan, rewrite } from './index.js';
import { attacks } from './testing/attacks.js';
import { hospitalMasks, hospitalSql } from './testing/hospital.js';
import { questions } from './testing/questions.js';

/** The same columns, masked by other values: what differs under these comes from a masked column. */
const otherMasks = `
  - { column: public.patient.mrn, mask: constant, value: 'ZZ-1' }
  - { column: public.patient.phone, mask: constant, value: '0' }
  - { column: public.patient.born, mask: constant, value: '1950-02-03' }
  - { column: public.patient.weight, mask: constant, value: '1.5' }
  - { column: public.patient.contact, mask: constant, value: 'q@q' }
  - { column: public.patient.kind, mask: constant, value: 'AB' }
  - { column: public.patient.code, mask: constant, value: 'zz' }
  - { column: public.patient.record, path: [pin], mask: constant, value: 'QQ' }
  - { column: public.patient.record, path: [deep, key], mask: constant, value: 'QQ' }
  - { column: public.patient.raw, mask: constant, value: '7' }
  - { column: public.patient.notes, mask: constant, value: 'other' }
  - { column: public.stay.policy, mask: constant, value: 'QQ' }
`;

describe('the lineage of a result', () => {
  let postgres: Postgres;
  let parser: SqlParser;
  let catalog: Catalog;
  let plan: MaskPlan;
  let client: pg.Client;

  beforeAll(async () => {
    postgres = await startPostgres({ initSql: 'CREATE DATABASE hospital' });
    parser = await SqlParser.start();
    const url = new URL(postgres.superuserUrl);
    url.pathname = '/hospital';
    client = new pg.Client(url.href);
    await client.connect();
    await client.query(hospitalSql);
    catalog = await new CatalogReader(async (text) => {
      const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array', types: { getTypeParser: () => String } });
      return rows;
    }).read();
    plan = planOf(hospitalMasks);
  }, 60_000);
  afterAll(async () => {
    await client.end();
    await parser.close();
    await postgres.stop();
  }, 30_000);

  const planOf = (masks: string): MaskPlan => {
    const compiled = compile(`version: 1\nmasks:${masks}`, 'hospital.yml');
    if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
    return maskPlan(compiled.policy.masks, catalog);
  };

  const read = async (sql: string): Promise<{ written: Written; resolved: Resolved } | undefined> => {
    const parsed = await parser.parse(Buffer.from(sql));
    const [written, ...more] = parsed.kind === 'statements' ? parsed.statements : [];
    if (!written || more.length > 0) return undefined;
    return { written, resolved: resolve(written, catalog, { role: 'postgres', searchPath: ['public'], temporary: [] }) };
  };

  /** What the server shows under these masks; undefined where it is refused or fails. */
  const shown = async (sql: string, masks: MaskPlan): Promise<pg.QueryArrayResult | undefined> => {
    const statement = await read(sql);
    if (!statement) return undefined;
    const masked = rewrite(Buffer.from(sql), [statement], catalog, masks);
    if (masked.kind !== 'rewritten') return undefined;
    const again = await parser.parse(masked.text);
    if (again.kind !== 'statements' || !isFaithful([statement.written], again.statements, masked.splices)) return undefined;
    return client.query<unknown[]>({ text: masked.text.toString(), rowMode: 'array' }).catch(() => undefined);
  };

  /** For each column of the result: the masked columns, without their schema. */
  const carried = async (sql: string, width: number): Promise<string[]> => {
    const statement = await read(sql);
    if (!statement) throw new Error(`not one statement: ${sql}`);
    return carriedBy(lineageOf(statement.resolved, plan), width).map((names) =>
      names.map((name) => name.replace(/^public\./, '')).join(' '),
    );
  };

  it('misses no column that shows anything of a masked value', async () => {
    const other = planOf(otherMasks);
    const texts = [...questions, ...Object.values(attacks).flat()].filter((sql) => /^(SELECT|WITH|TABLE|VALUES|\()/.test(sql));
    const missed: string[] = [];
    let compared = 0;
    for (const sql of texts) {
      const [one, two] = [await shown(sql, plan), await shown(sql, other)];
      if (!one || !two) continue;
      compared++;
      const from = await carried(sql, one.fields.length);
      const cells = ({ rows }: pg.QueryArrayResult, i: number): string =>
        JSON.stringify(rows.map((row: unknown[]) => row[i]).sort());
      if (from.some((names, i) => names === '' && cells(one, i) !== cells(two, i))) missed.push(sql);
    }
    // In these a masked value selects rows and shows nothing of itself.
    expect(missed).toEqual([
      'SELECT (SELECT mrn FROM patient WHERE id = 1), EXISTS (SELECT FROM patient WHERE mrn > $$MRN-5$$)',
      "SELECT 1 FROM patient p, generate_series(1, length(translate(p.mrn, '0123456789', '0'))) WHERE id = 1",
      'SELECT id FROM patient GROUP BY id HAVING max(mrn) > $$MRN-5$$ ORDER BY 1',
    ]);
    expect(compared).toBeGreaterThan(80);
  });

  it.each<[sql: string, ...from: string[]]>([
    ['SELECT mrn AS s, name, id FROM patient', 'patient.mrn', '', ''],
    ['SELECT name AS mrn, upper(mrn) AS name FROM patient', '', 'patient.mrn'],
    ['SELECT p.id, s.policy FROM patient p JOIN stay s ON s.patient = p.id', '', 'stay.policy'],
    ['SELECT x.a, x.b FROM (SELECT name, mrn FROM patient) x (a, b)', '', 'patient.mrn'],
    ['SELECT * FROM (SELECT reason, mrn FROM visit JOIN patient p ON p.id = patient) x', '', 'patient.mrn'],
    ['SELECT v.*, p.phone FROM visit v, patient p', '', '', '', '', 'patient.phone'],
    ['SELECT s.* FROM stay s NATURAL JOIN visit', '', '', '', 'stay.policy', ''],
    ['SELECT * FROM stay JOIN visit USING (patient, id)', '', '', '', 'stay.policy', '', '', ''],
    ['SELECT reason FROM visit UNION ALL SELECT mrn FROM patient', 'patient.mrn'],
    ['SELECT name, mrn FROM patient EXCEPT SELECT mrn, name FROM patient', '', 'patient.mrn'],
    ['WITH a AS (SELECT id, mrn AS m FROM patient), b AS (SELECT m, id FROM a) SELECT id, m FROM b', '', 'patient.mrn'],
    [
      'WITH RECURSIVE r (n, m, k) AS (SELECT 1, $$$$, $$$$ UNION ALL SELECT n + 1, k, p.mrn FROM r, patient p WHERE n < 3) SELECT * FROM r',
      ...['', 'patient.mrn', 'patient.mrn'],
    ],
    ['SELECT count(*), max(mrn), (SELECT phone FROM patient LIMIT 1) FROM patient', '', 'patient.mrn', 'patient.phone'],
    ['SELECT id IN (SELECT ward FROM patient), EXISTS (SELECT mrn FROM patient) FROM visit', '', ''],
    ['SELECT l.m, id FROM patient p, LATERAL (SELECT p.mrn || $$!$$ AS m) l', 'patient.mrn', ''],
    [
      "SELECT record, record->'plan', record->>'pin', record->'deep', record->'deep'->>'key', record#>>'{deep,other}', record['pin'] FROM patient",
      ...['patient.record', '', 'patient.record', 'patient.record', 'patient.record', '', 'patient.record'],
    ],
    ["SELECT d->>'plan', d->>'pin' FROM (SELECT record AS d FROM patient) x", '', 'patient.record'],
    ['SELECT (p).name, (p).mrn, p.id FROM patient p', '', 'patient.mrn', ''],
    ['SELECT rank() OVER w, lag(name) OVER (ORDER BY id) FROM patient WINDOW w AS (ORDER BY mrn)', 'patient.mrn', ''],
    ['SELECT g, id FROM patient, generate_series(1, 2) g', '', ''],
    ['SELECT * FROM pg_namespace, (SELECT mrn FROM patient) x', '', '', '', '', 'patient.mrn'],
    [Array(300).fill('SELECT id, mrn FROM patient').join(' UNION '), '', 'patient.mrn'],
    ['VALUES (1, (SELECT mrn FROM patient LIMIT 1)), (2, $$x$$)', '', 'patient.mrn'],
    ['SELECT mrn_key FROM patient', 'patient.mrn_key'],
    ['UPDATE visit SET reason = $$x$$ RETURNING reason', ''],
  ])('is by place: %s', async (sql, ...from) => {
    expect(await carried(sql, from.length)).toEqual(from);
  });

  it('counts every column where the server tells of another number of them', async () => {
    expect(await carried('SELECT name, mrn FROM patient', 3)).toEqual(['patient.mrn', 'patient.mrn', 'patient.mrn']);
  });

  it('gives up on queries that go on and on, and then counts all that they may read', async () => {
    const nested = (depth: number): string =>
      depth === 0
        ? 'SELECT mrn, id FROM patient'
        : `WITH RECURSIVE r AS (SELECT 1, 2 UNION ALL (${nested(depth - 1)})) SELECT * FROM r`;
    const [first, second] = await carried(nested(14), 2);
    expect([first, second]).toEqual([expect.stringContaining('patient.mrn'), expect.stringContaining('patient.mrn')]);
    expect(await carried(nested(3), 2)).toEqual(['patient.mrn', '']);
    const inner = 'SELECT * FROM ('.repeat(100);
    expect(await carried(`${inner}SELECT mrn FROM patient${') x'.repeat(100)}`, 1)).toEqual([
      expect.stringContaining('patient.mrn'),
    ]);
  });
});
