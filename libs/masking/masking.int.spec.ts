import pg from 'pg';
import { compile, type Mask } from '#policy';
import { type Catalog, CatalogReader, resolve, SqlParser, type Written } from '#sql';
import { type Postgres, startPostgres } from '../../test/postgres/index.js';
import { guardedRelations } from './allowed-relations.js';
import { isFaithful, type Masked, maskPlan, type MaskPlan, neutral, rewrite } from './index.js';
import { attacks, wrappers } from './testing/attacks.js';
import { hospitalMasks, hospitalSql, otherValuesSql, sameValuesSql } from './testing/hospital.js';
import { introspections, questions, writes } from './testing/questions.js';

const values = /MRN-77-0001|MRN-15|POL-111|POL-222|9912|3141|\+1 555|k-ann|@x\.test|1970-02/;

/** What a client is told: rows, command tags, notices, errors. */
type Told = readonly unknown[];

describe('masking against a server', () => {
  let postgres: Postgres;
  let parser: SqlParser;
  let catalog: Catalog;
  let plan: MaskPlan;
  const clients: pg.Client[] = [];
  /** Two databases that differ in masked values alone. */
  let one: pg.Client;
  let other: pg.Client;

  const connect = async (database: string): Promise<pg.Client> => {
    const url = new URL(postgres.superuserUrl);
    url.pathname = `/${database}`;
    const client = new pg.Client(url.href);
    await client.connect();
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    postgres = await startPostgres({ initSql: 'CREATE DATABASE hospital' });
    parser = await SqlParser.start();
    const maker = await connect('hospital');
    await maker.query(hospitalSql);
    await maker.end();
    const admin = await connect('postgres');
    await admin.query('CREATE DATABASE hospital_b TEMPLATE hospital');
    one = await connect('hospital');
    other = await connect('hospital_b');
    await one.query(sameValuesSql);
    await other.query(otherValuesSql);
    const reader = await connect('hospital');
    catalog = await new CatalogReader(async (text) => {
      const { rows } = await reader.query<(string | null)[]>({ text, rowMode: 'array', types: { getTypeParser: () => String } });
      return rows;
    }).read();
    plan = maskPlan(hospitalPolicy(), catalog);
  }, 60_000);
  afterAll(async () => {
    for (const client of clients) await client.end().catch(() => undefined);
    await parser.close();
    await postgres.stop();
  }, 30_000);

  const masked = async (sql: string): Promise<{ masked: Masked; written: readonly Written[] } | 'syntax-error'> => {
    const parsed = await parser.parse(Buffer.from(sql));
    if (parsed.kind !== 'statements') return 'syntax-error';
    const names = { role: 'postgres', searchPath: ['public'], temporary: [] };
    const prepared = new Map<string, ReturnType<typeof resolve>>();
    const statements = parsed.statements.map((written) => {
      const resolved = resolve(written, catalog, {
        ...names,
        prepared: (name) => prepared.get(name),
        cursors: (name) => prepared.get(name),
      });
      if (resolved.inner && (resolved.act.kind === 'prepare' || resolved.act.kind === 'declare'))
        prepared.set(resolved.act.name, resolved.inner);
      return { written, resolved };
    });
    return { masked: rewrite(Buffer.from(sql), statements, catalog, plan), written: parsed.statements };
  };

  /** The text that would be sent, or why none is. */
  const sent = async (sql: string): Promise<{ text: string; guarded: boolean } | { refused: string }> => {
    const read = await masked(sql);
    if (read === 'syntax-error') return { refused: 'syntax error' };
    if (read.masked.kind === 'refused') return { refused: read.masked.reason };
    if (read.masked.kind === 'as-is') return { text: sql, guarded: read.masked.touches.length > 0 };
    const again = await parser.parse(read.masked.text);
    if (again.kind !== 'statements' || !isFaithful(read.written, again.statements, read.masked.splices))
      throw new Error(`not faithful: ${read.masked.text.toString()}`);
    return { text: read.masked.text.toString(), guarded: true };
  };

  const told = async (client: pg.Client, text: string, guarded: boolean): Promise<Told> => {
    const said: unknown[] = [];
    const word = ({
      code,
      severity,
      message,
      where,
    }: {
      code?: string | undefined;
      severity?: string | undefined;
      message?: string | undefined;
      where?: string | undefined;
    }): void => {
      said.push(
        (guarded ? neutral({ code: code ?? '', severity: severity ?? '', context: where }) : undefined) ?? { code, message },
      );
    };
    client.on('notice', word);
    try {
      const results: unknown = await client.query({ text, rowMode: 'array' });
      for (const { rows, command } of [results].flat() as pg.QueryArrayResult[]) said.push(command, rows);
    } catch (error) {
      word(error as { code?: string });
    }
    client.off('notice', word);
    await client.query('ROLLBACK').catch(() => undefined);
    await client.query('DISCARD ALL').catch(() => undefined);
    return said;
  };

  /** It is refused, or shows the same on both databases, and none of the values. */
  const showsNothing = async (sql: string): Promise<void> => {
    const sending = await sent(sql);
    if ('refused' in sending) return;
    const text = sending.text.startsWith('DECLARE') ? `BEGIN; ${sending.text}` : sending.text;
    const shown = await told(one, text, sending.guarded);
    expect([sql, JSON.stringify(shown)]).toEqual([sql, expect.not.stringMatching(values)]);
    expect([sql, await told(other, text, sending.guarded)]).toEqual([sql, shown]);
  };

  describe.each(Object.keys(attacks))('an attack by %s', (category) => {
    it.each(attacks[category] ?? [])('shows nothing of a masked value: %s', async (sql) => {
      await showsNothing(sql);
    });
  });

  it.each(Object.keys(wrappers))('shows nothing more of any query within %s', async (name) => {
    const queries = ['columns', 'whole rows', 'derived objects', 'metadata', 'sampling', 'system columns'].flatMap(
      (category) => attacks[category]?.filter((sql) => sql.startsWith('SELECT') || sql.startsWith('TABLE')) ?? [],
    );
    for (const sql of queries.map((query) => wrappers[name]?.(query) ?? '')) await showsNothing(sql);
  });

  it.each(questions)('answers as the tables would: %s', async (sql) => {
    const sending = await sent(sql);
    if ('refused' in sending) throw new Error(sending.refused);
    if (sql.startsWith('COPY')) return;
    const plainly = await told(one, sql, false);
    expect(plainly.some((said) => typeof said === 'object' && said !== null && 'code' in said)).toBe(false);
    expect(await told(one, sending.text, sending.guarded)).toEqual(plainly);
  });

  it.each(introspections)('answers without what may hold a value: %s', async (sql) => {
    const sending = await sent(sql);
    if ('refused' in sending) throw new Error(sending.refused);
    const shown = await told(one, sending.text, sending.guarded);
    expect(shown.map((said) => (Array.isArray(said) ? 'rows' : said))).toEqual(['SELECT', 'rows']);
    await showsNothing(sql);
  });

  it('knows the columns of every built-in relation of which some are hidden', () => {
    expect([...plan.builtIn].filter(([, { masked }]) => masked.size === 0)).toEqual([]);
    expect(guardedRelations().filter((name) => !plan.builtIn.has(name))).toEqual([]);
  });

  it('writes what it may, and no mask', async () => {
    for (const sql of writes) {
      const sending = await sent(sql);
      if ('refused' in sending) throw new Error(`${sql}: ${sending.refused}`);
    }
  });

  it('shows every masked column in its own type, modifier and collation', async () => {
    const sending = await sent('SELECT * FROM patient ORDER BY id LIMIT 1');
    if ('refused' in sending) throw new Error(sending.refused);
    const [plain, shown] = await Promise.all([one.query('SELECT * FROM patient ORDER BY id LIMIT 1'), one.query(sending.text)]);
    const types = (result: pg.QueryResult): unknown =>
      result.fields.map(({ name, dataTypeID, dataTypeModifier }) => [name, dataTypeID, dataTypeModifier]);
    expect(types(shown)).toEqual(types(plain));
    expect(JSON.parse(JSON.stringify(shown.rows[0]))).toMatchObject({
      id: 1,
      name: 'Ann',
      mrn: 'MRN-***0001',
      phone: '***',
      weight: null,
      contact: null,
      kind: null,
      record: { pin: '***', plan: 'gold', deep: { key: 'k-***' } },
      raw: null,
      mrn_key: '***',
      ward: 1,
    });
  });
});

function hospitalPolicy(): readonly Mask[] {
  const compiled = compile(`version: 1\nmasks:${hospitalMasks}`, 'hospital.yml');
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.policy.masks;
}
