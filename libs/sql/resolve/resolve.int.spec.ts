import pg from 'pg';
import { SqlParser } from '../parse/parser.js';
import type { Catalog } from '../catalog/catalog.js';
import type { Written } from '../written.js';
import { type Postgres, startPostgres } from '../../../test/postgres/index.js';
import { readCatalog } from '../../../test/risks/catalog.js';
import { riskCases } from '../../../test/risks/cases.js';
import { riskFixture } from '../../../test/risks/fixture.js';
import type { SessionNames } from './names.js';
import { resolve, type Resolved } from './resolve.js';

/** Objects beside those of the risk fixture. */
const moreObjects = `
  CREATE EXTENSION citext; CREATE EXTENSION hstore; CREATE EXTENSION pg_trgm; CREATE EXTENSION postgres_fdw;
  CREATE SCHEMA sales; CREATE TABLE sales.orders (id int, region text, note text, UNIQUE (id, region));
  CREATE TABLE parent (id int PRIMARY KEY); CREATE TABLE child (extra int) INHERITS (parent);
  CREATE TABLE parts (id int, day date, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
  CREATE TRIGGER on_part AFTER DELETE ON parts_1 FOR EACH ROW EXECUTE FUNCTION trig_wipe();
  CREATE VIEW nested AS SELECT * FROM v_accounts; CREATE VIEW hidden_twice AS SELECT * FROM v_hidden;
  CREATE VIEW reads_files AS SELECT pg_read_file('x'); CREATE VIEW passwords AS SELECT rolname, rolpassword FROM pg_authid;
  CREATE VIEW makes_domain AS SELECT id::nice_int FROM accounts; CREATE VIEW calls_operator AS SELECT ### id AS n FROM accounts;
  CREATE TABLE guarded (id int PRIMARY KEY, owner text); ALTER TABLE guarded ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON guarded USING (pub_len(owner) > 0);
  CREATE TABLE filed (id int PRIMARY KEY, d nice_int); CREATE TABLE checked (id int CHECK (chk_wipe(id)));
  CREATE TABLE many (id int PRIMARY KEY, ds nice_int[]);
  CREATE TABLE indexed (t text); CREATE INDEX ON indexed (pub_len(t));
  CREATE TABLE computed (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) STORED, c timestamptz DEFAULT now());
  CREATE TABLE people (id int PRIMARY KEY, mail citext, tags hstore, feeling mood, j job);
  CREATE FUNCTION nickname(people) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
  CREATE FUNCTION named(mood) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
  CREATE FUNCTION lower(varchar) RETURNS text LANGUAGE sql AS 'SELECT ''x''';
  CREATE TABLE region (code text PRIMARY KEY, label text); CREATE TABLE shop (id int PRIMARY KEY, code text REFERENCES region ON UPDATE CASCADE);
  CREATE VIEW lists AS SELECT table_name FROM information_schema.tables;
  CREATE SERVER elsewhere FOREIGN DATA WRAPPER postgres_fdw; CREATE FOREIGN TABLE far (id int) SERVER elsewhere;
`;

describe('resolve', () => {
  let postgres: Postgres;
  let client: pg.Client;
  let catalog: Catalog;
  let parser: SqlParser;
  const names: SessionNames = { role: 'app', searchPath: ['$user', 'public'], temporary: ['scratch'] };

  beforeAll(async () => {
    postgres = await startPostgres();
    client = new pg.Client(postgres.superuserUrl);
    await client.connect();
    await client.query(riskFixture);
    await client.query(moreObjects);
    catalog = await readCatalog(client);
    parser = await SqlParser.start({ threads: 1 });
  }, 60_000);
  afterAll(async () => {
    await parser.close();
    await client.end();
    await postgres.stop();
  });

  async function written(sql: string): Promise<readonly Written[]> {
    const parsed = await parser.parse(Buffer.from(sql));
    if (parsed.kind !== 'statements') throw new Error(`${sql}: ${parsed.kind}`);
    return parsed.statements;
  }

  async function last(sql: string, session = names): Promise<Resolved> {
    const resolved = (await written(sql)).map((statement) => resolve(statement, catalog, session));
    return resolved.at(-1) as Resolved;
  }

  it.each([
    ['select * from accounts', ['public.accounts'], []],
    ['select * from pg_class', ['pg_catalog.pg_class'], []],
    ['select * from information_schema.tables', ['information_schema.tables'], []],
    ['select * from "drop"', ['public.drop'], []],
    ['select * from v_accounts', ['public.accounts', 'public.v_accounts'], []],
    ['select * from nested', ['public.accounts', 'public.nested', 'public.v_accounts'], []],
    ['select * from mv_totals', ['public.accounts', 'public.mv_totals'], []],
    ['select * from parted', ['public.parted', 'public.parted_1'], []],
    ['select * from only parent', ['public.parent'], []],
    ['select * from parent', ['public.child', 'public.parent'], []],
    ['select * from parted_1', ['public.parted', 'public.parted_1'], []],
    ['select * from scratch', ['pg_temp.scratch'], ['temporary-relation']],
    ['select * from missing', ['?.missing'], ['unknown-relation']],
    ['select * from other.public.accounts', ['public.accounts'], ['unknown-relation']],
    ['select * from far', ['public.far'], ['foreign-table']],
    ['select * from passwords', ['pg_catalog.pg_authid', 'public.passwords'], []],
    ['select * from lists', ['information_schema.tables', 'public.lists'], []],
    ['select * from guarded', ['public.guarded'], ['rls-function']],
    ['select * from v_hidden', ['public.v_hidden'], ['view-function']],
    ['select * from hidden_twice', ['public.hidden_twice', 'public.v_hidden'], ['view-function']],
    ['select * from reads_files', ['public.reads_files'], ['file']],
    ['select * from makes_domain', ['public.accounts', 'public.makes_domain'], ['domain-function']],
    ['select * from calls_operator', ['public.accounts', 'public.calls_operator'], ['view-function']],
    ['lock accounts', ['public.accounts'], ['lock-table']],
    ['select * from accounts for update', ['public.accounts'], ['lock-all']],
    ['select * from accounts where id = 1 for update', ['public.accounts'], []],
    ['explain delete from accounts', ['public.accounts'], []],
  ])('finds what %s reads', async (sql, reads, risks) => {
    const { facts } = await last(sql);
    expect({ reads: facts.reads, writes: facts.writes, risks: facts.risks }).toEqual({ reads, writes: [], risks });
  });

  it.each([
    ['insert into staging values (1)', ['public.staging'], []],
    ['insert into audit_log (msg) values (now())', ['public.audit_log'], []],
    ['insert into computed (a) values (1)', ['public.computed'], []],
    ['insert into trig_t values (1)', ['public.trig_t'], ['trigger']],
    ['delete from only trig_t where id = 1', ['public.trig_t'], ['mass-write']],
    ['insert into inbox values (1)', ['public.inbox'], ['rule']],
    ['insert into v_ins values (1)', ['public.audit_log', 'public.v_ins'], ['rule']],
    ['insert into dflt (x) values (1)', ['public.dflt'], ['default-function']],
    ['copy dflt from stdin', ['public.dflt'], ['default-function']],
    ['insert into checked values (1)', ['public.checked'], ['check-function']],
    ['insert into indexed values (1)', ['public.indexed'], ['index-function']],
    ['insert into filed values (1, 2)', ['public.filed'], ['domain-function']],
    ['update guarded set owner = $1 where id = 1', ['public.guarded'], ['rls-function']],
    ['update accounts set owner = $1 where id = 1', ['public.accounts'], []],
    ['delete from orders where id = 1', ['public.orders'], []],
    ['delete from accounts where id = 1', ['public.accounts', 'public.orders'], ['cascade']],
    ['update region set label = $1 where code = $2', ['public.region'], []],
    ['update region set code = $1 where code = $2', ['public.region', 'public.shop'], ['cascade']],
    ['delete from parts where id = 1 and day = $1', ['public.parts', 'public.parts_1'], ['trigger']],
    ['delete from parted_1 where k = 1', ['public.parted', 'public.parted_1'], ['mass-write']],
    ['truncate parts', ['public.parts', 'public.parts_1'], ['mass-write']],
    ['create table fresh (a int)', ['public.fresh'], []],
    ['create temp table fresh as select 1', ['pg_temp.fresh'], []],
    ['create temp table accounts (id int)', ['pg_temp.accounts'], []],
    ['create temp table if not exists scratch (id int)', ['pg_temp.scratch'], ['temporary-relation']],
    ['alter table staging drop column owner', ['public.staging'], ['drop']],
    ['alter table staging add x int, drop constraint y', ['public.staging'], ['drop']],
    ['alter table parted detach partition parted_1', ['public.parted', 'public.parted_1'], ['drop']],
    ['alter domain nice_int drop constraint x', [], ['drop']],
    ['alter type job drop attribute id', ['public.job'], ['drop']],
    ['alter extension citext drop table staging', [], ['drop']],
    ['alter table staging alter owner drop default', ['public.staging'], []],
    ['drop table "drop"', ['public.drop'], []],
  ])('finds what %s writes', async (sql, writes, risks) => {
    const { facts } = await last(sql);
    expect({ writes: facts.writes, risks: facts.risks }).toEqual({ writes, risks });
  });

  it.each([
    ['update accounts set owner = $1 where id = 1', false],
    ['update accounts set owner = $1 where id in (1, 2)', false],
    ['update sales.orders set note = $1 where id = 1', true],
    ['update sales.orders set note = $1 where id = 1 and region = $2', false],
    ['delete from parent where id = 1', true],
    ['delete from only parent where id = 1', false],
    ['delete from v_accounts where id = 1', true],
    ['delete from accounts where owner = $1', true],
    ['with d as (delete from accounts returning 1) select * from d', true],
    ['explain analyze delete from accounts', true],
    ['explain delete from accounts', false],
    ['prepare p as delete from accounts', true],
    ['insert into accounts select * from accounts on conflict (id) do update set owner = $1', true],
    ['insert into accounts values (1) on conflict (id) do update set owner = $1', false],
    ['truncate accounts', true],
  ])('tells whether a key bounds %s', async (sql, unbounded) => {
    expect((await last(sql)).facts.unbounded).toBe(unbounded);
  });

  it.each([
    ['select count(*), max(id), now(), random(), gen_random_uuid() from accounts', [], []],
    [`select to_char(now(), 'x'), text 'x', date '2025-01-01', int4(id), jsonb(owner) from accounts`, [], []],
    ['select purge_accounts()', ['public.purge_accounts'], ['function-unseen']],
    ['select pg_catalog.purge_accounts()', ['pg_catalog.purge_accounts'], ['function-unseen']],
    ['select missing(1)', ['?.missing'], ['function-unseen']],
    ['select pg_temp.f(1)', ['pg_temp.f'], ['function-unseen']],
    ['select nice_sum(id) from accounts', ['public.nice_sum'], ['aggregate-unseen']],
    ['select lower(owner) from accounts', ['public.lower'], ['function-unseen']],
    ['select pg_catalog.lower(owner) from accounts', [], []],
    ['select upper(owner), max(owner) from accounts', [], []],
    ['select max(mail) from people', ['public.max'], ['aggregate-unseen']],
    ['select p.nickname from people p', ['public.nickname'], ['function-unseen']],
    ['select (p).nickname from people p', ['public.nickname'], ['function-unseen']],
    ['select nickname(p) from people p', ['public.nickname'], ['function-unseen']],
    ['select id(p) from people p', [], []],
    ['select ### 1', [], ['operator-unseen']],
    ['select 1 operator(public.###) 2', [], ['operator-unseen']],
    ['select id = 1 and owner like $1 and owner || $2 <> $3 from accounts', [], []],
    ['select x = $1 from scratch', [], ['operator-unseen', 'temporary-relation']],
    ['select mail = $1 from people', [], ['operator-unseen']],
    ['select owner % $1 from accounts', [], ['operator-unseen']],
    ['select tags -> $1 from people', [], ['operator-unseen']],
    [`select '{}'::jsonb -> 'a', id::text, 'x'::text, $1::date from accounts`, [], []],
    ['select j::text from people', [], ['cast-unseen']],
    ['select row(1)::job::text', [], ['cast-unseen']],
    ['select feeling::text from people', [], ['cast-unseen']],
    ['insert into people (mail) select true', [], ['cast-unseen']],
    [`select 'ok'::mood`, [], []],
    ['select 1::nice_int', ['public.chk_wipe'], ['domain-function']],
    ['select d from filed where id = 1', [], []],
    ['select array[d] from filed', ['public.chk_wipe'], ['domain-function']],
    ['select lag(d, 1, $1) over () from filed', ['public.chk_wipe'], ['domain-function']],
    ["select jsonb_populate_record(f, '{}') from filed f", ['public.chk_wipe'], ['domain-function']],
    ["select pg_input_is_valid('1', 'nice_int')", ['public.chk_wipe'], ['domain-function']],
    ['select id from many', [], []],
    ["select ds = '{1}' from many", ['public.chk_wipe'], ['domain-function']],
    ["select w = '{1}' from many as m (v, w)", ['public.chk_wipe'], ['domain-function']],
    ["select row(m.*) = row(1, '{1}') from many m", ['public.chk_wipe'], ['domain-function']],
    ['select null::missing', [], ['type-unseen']],
    ['select null::pg_class, null::information_schema.sql_identifier', [], []],
    ['do $$$$', [], ['do-block']],
    ['call nightly()', ['public.nightly'], ['call', 'function-unseen']],
    [`select query_to_xml('x', true, false, '')`, [], ['dynamic-sql']],
    [`select pg_read_file('x')`, [], ['file']],
    [`select set_config('x.y', 'z', true)`, [], ['setting']],
    [`select lo_import('x'), lo_unlink(1), setval('seq1', 1), nextval('seq1')`, [], ['file', 'large-object', 'sequence']],
    ['select pg_terminate_backend(1), pg_sleep(1), pg_advisory_lock(1)', [], ['advisory-lock', 'server-function', 'sleep']],
    ['select binary_upgrade_set_next_pg_type_oid(1)', [], ['unlisted-function']],
    ['execute nobody', [], ['statement-unseen']],
    ['fetch from nobody', [], ['statement-unseen']],
    [`copy accounts to program 'x'`, [], ['program']],
    ['set role app', [], ['role']],
    ['set search_path = x', [], ['search-path']],
    ['set work_mem = 1', [], ['setting']],
    [`set client_encoding = 'latin1'`, [], ['lexer-setting']],
    [`set client_encoding = 'UTF8'`, [], []],
    ['set client_min_messages to warning', [], []],
    ['set client_min_messages to debug1', [], ['setting']],
    ['set standard_conforming_strings = on', [], []],
    ['set timezone = utc', [], []],
    ['create publication p for all tables', [], ['replication']],
    [`prepare transaction 'x'`, [], ['two-phase']],
  ])('sees what %s calls', async (sql, functions, risks) => {
    const { facts } = await last(sql);
    expect({ functions: facts.functions, risks: facts.risks }).toEqual({ functions, risks });
  });

  it.each([
    ['select 1', 'nothing'],
    ['update accounts set owner = $1', 'nothing'],
    ['set application_name = x', 'nothing'],
    ['prepare p as select 1', 'nothing'],
    ['begin', 'nothing'],
    ['rollback', 'nothing'],
    ['set transaction read only', 'nothing'],
    ['set search_path = x', 'state'],
    ['reset all', 'state'],
    ['discard all', 'state'],
    ['discard plans', 'nothing'],
    ['create temp table x (a int)', 'state'],
    ['grant app to app', 'state'],
    ['do $$$$', 'state'],
    [`select set_config('a.b', 'c', true)`, 'state'],
    ['select purge_accounts()', 'state'],
    ['insert into trig_t values (1)', 'state'],
    ['execute nobody', 'state'],
  ])('tells whether %s changes what later decisions read: %s', async (sql, changes) => {
    expect((await last(sql)).changes).toBe(changes);
  });

  it.each([
    ['select $1', 'int4', []],
    ['select $1', 'nice_int', ['domain-function']],
    ['select $1', 'nice_int[]', ['domain-function']],
    ['select $1::text', 'job', ['cast-unseen']],
    ['select named($1)', 'mood', ['function-unseen']],
  ])('sees what %s runs with a parameter of type %s', async (sql, type, risks) => {
    const { rows } = await client.query<{ oid: number }>('SELECT $1::regtype::oid::int AS oid', [
      `public.${type}`.replace('public.int4', 'int4'),
    ]);
    const { facts } = await last(sql, { ...names, parameterTypes: [rows[0]?.oid ?? 0] });
    expect(facts.risks).toEqual(risks);
  });

  it('sees what EXECUTE runs with a parameter of the type that PREPARE gave it', async () => {
    const { inner } = await last('prepare p (mood) as select named($1)');
    expect((await last(`execute p ('ok')`, { ...names, prepared: () => inner })).facts.risks).toEqual(['function-unseen']);
  });

  it('takes the type of a parameter that nobody knows for code', async () => {
    expect((await last('select $1', { ...names, parameterTypes: [999_999] })).facts.risks).toEqual(['type-unseen']);
  });

  it('follows EXECUTE and FETCH to what they run', async () => {
    const inner = await last('delete from accounts');
    const session = { ...names, prepared: () => inner, cursors: () => inner };
    for (const sql of ['execute p', 'fetch from c', 'explain analyze execute p', 'create table t as execute p']) {
      const { facts } = await last(sql, session);
      expect(facts).toMatchObject({ unbounded: true, risks: inner.facts.risks });
      expect(facts.writes).toEqual(expect.arrayContaining([...inner.facts.writes]));
    }
  });

  it('resolves names along the search path, temporary ones first', async () => {
    const of = async (searchPath: string[], temporary: string[] = []) =>
      (await last('select * from orders', { role: 'sales', searchPath, temporary })).facts.reads;
    expect(await of(['public', 'sales'])).toEqual(['public.orders']);
    expect(await of(['$user', 'public'])).toEqual(['sales.orders']);
    expect(await of(['public'], ['orders'])).toEqual(['pg_temp.orders']);
    expect(await of(['public', 'pg_temp'], ['orders'])).toEqual(['public.orders']);
    expect(await of(['nowhere'])).toEqual(['?.orders']);
  });

  it('reads syntax that the server is too old for as something unknown', async () => {
    const old = Object.assign(Object.create(catalog) as Catalog, {});
    Object.defineProperty(old, 'serverVersion', { value: 150_018 });
    for (const sql of ['select json_scalar(1)', 'select json_objectagg(1 : 2)']) {
      const [statement] = await written(sql);
      expect(resolve(statement as Written, old, names).facts.risks).toEqual(['unknown-node']);
      expect((await last(sql)).facts.risks).toEqual([]);
    }
  });

  it('never throws, whatever the state of names and catalog', async () => {
    const empty = { role: '', searchPath: [], temporary: [] };
    const odd = [
      'set constructor = 1',
      'reset "__proto__"',
      'select constructor(1)::"__proto__", a."toString" from "hasOwnProperty" a',
    ];
    for (const sql of [...riskCases.map((one) => one.sql), ...odd])
      for (const session of [names, empty]) expect((await last(sql, session)).facts.verb).not.toBe('');
  });

  it('has the same hash for the same catalog, another for any change, and needs no privileges', async () => {
    await client.query(`CREATE ROLE nobody_much LOGIN PASSWORD 'nobody'`);
    const url = new URL(postgres.superuserUrl);
    url.username = 'nobody_much';
    url.password = 'nobody';
    const other = new pg.Client(url.href);
    await other.connect();
    expect((await readCatalog(other)).hash).toBe(catalog.hash);
    await other.end();
    await client.query('INSERT INTO public.accounts VALUES (99); ANALYZE');
    expect((await readCatalog(client)).hash).toBe(catalog.hash);
    await client.query('CREATE TEMP TABLE mine (a int)');
    expect((await readCatalog(client)).hash).toBe(catalog.hash);
    await client.query('ALTER TABLE public.staging ADD COLUMN extra int');
    expect((await readCatalog(client)).hash).not.toBe(catalog.hash);
  });
});
