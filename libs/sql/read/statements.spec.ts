import { parseText } from '../parse/libpg.js';
import type { RelationReference, Written } from '../written.js';

function read(sql: string): readonly Written[] {
  const parsed = parseText(Buffer.from(sql));
  if (parsed.kind !== 'statements') throw new Error(`${sql}: ${parsed.kind}`);
  return parsed.statements;
}

const one = (sql: string): Written => read(sql)[0] as Written;

const shown = ({ schema, name, alias, access, cte, only, sampled, modifying, temporary }: RelationReference): string =>
  [
    access,
    schema === undefined ? name : `${schema}.${name}`,
    ...(alias === undefined ? [] : [`as ${alias}`]),
    ...Object.entries({ cte, only, sampled, modifying, temporary })
      .filter(([, is]) => is)
      .map(([what]) => what),
  ].join(' ');

describe('the verb and effects of a statement', () => {
  it.each([
    ['select 1', 'SELECT', ['read']],
    ['table t', 'SELECT', ['read']],
    ['values (1)', 'SELECT', ['read']],
    ['select * from t for no key update', 'SELECT FOR NO KEY UPDATE', ['read', 'transaction']],
    ['select 1 into t', 'SELECT INTO', ['ddl', 'write']],
    ['select 1 into t union select 2', 'SELECT INTO', ['ddl', 'write']],
    ['with d as (delete from t returning 1) select * from d', 'SELECT', ['read', 'write']],
    ['insert into t select * from u', 'INSERT', ['read', 'write']],
    ['copy t from stdin', 'COPY', ['write']],
    ['copy t to stdout', 'COPY', ['read']],
    ['copy (delete from t returning 1) to stdout', 'COPY', ['read', 'write']],
    [`copy t to '/tmp/x'`, 'COPY', ['file', 'read']],
    [`copy t from program 'id'`, 'COPY', ['code', 'write']],
    ['explain delete from t', 'EXPLAIN', ['read']],
    ['explain (analyze) delete from t', 'EXPLAIN', ['read', 'write']],
    ['explain (analyze off) delete from t', 'EXPLAIN', ['read']],
    ['explain analyze create table t as select 1', 'EXPLAIN', ['ddl', 'read', 'write']],
    ['set role a', 'SET ROLE', ['privilege', 'session']],
    ['reset role', 'RESET', ['session']],
    ['set session authorization a', 'SET SESSION AUTHORIZATION', ['privilege', 'session']],
    ['set transaction read only', 'SET TRANSACTION', ['transaction']],
    ['set session characteristics as transaction read only', 'SET', ['session']],
    ['discard all', 'DISCARD ALL', ['session']],
    ['rollback to savepoint a', 'ROLLBACK', ['transaction']],
    ['lock t', 'LOCK TABLE', ['transaction']],
    ['drop materialized view m', 'DROP MATERIALIZED VIEW', ['ddl']],
    ['alter index i rename to j', 'ALTER INDEX', ['ddl']],
    ['alter table t rename column a to b', 'ALTER TABLE', ['ddl']],
    ['alter view v rename to w', 'ALTER VIEW', ['ddl']],
    ['alter table t owner to a', 'ALTER TABLE', ['ddl']],
    ['alter schema s owner to a', 'ALTER SCHEMA', ['ddl']],
    ['create function f() returns int language sql return 1', 'CREATE FUNCTION', ['code', 'ddl']],
    ['create procedure p() language sql as $$$$', 'CREATE PROCEDURE', ['code', 'ddl']],
    ['create aggregate a(int) (sfunc = f, stype = int)', 'CREATE AGGREGATE', ['code', 'ddl']],
    ['grant select on t to a', 'GRANT', ['privilege']],
    ['revoke a from b', 'REVOKE ROLE', ['privilege']],
    ['vacuum t', 'VACUUM', ['ddl']],
    ['analyze t', 'ANALYZE', ['ddl']],
    ['create subscription s connection $$x$$ publication p', 'CREATE SUBSCRIPTION', ['ddl', 'network']],
    [`load 'x'`, 'LOAD', ['code', 'file']],
  ])('%s', (sql, verb, effects) => {
    const statement = one(sql);
    expect({ verb: statement.verb, effects: statement.effects, unknown: statement.unknown }).toEqual({
      verb,
      effects,
      unknown: [],
    });
  });
});

describe('the relations of a statement', () => {
  it.each([
    ['select * from a, only b, c as d tablesample system (1)', ['read a', 'read b only', 'read c as d sampled']],
    ['select (select 1 from a) from b where exists (select 1 from s.c)', ['read a', 'read b', 'read s.c']],
    ['select 1 from a union (select 2 from b except select 3 from c)', ['read a', 'read b', 'read c']],
    ['select * from a join (b natural join c) using (x), lateral (select * from d) e', ['read a', 'read b', 'read c', 'read d']],
    ['select * from a for update of a', ['read a']],
    ['insert into a select * from b', ['write a modifying', 'read b modifying']],
    ['update a x set b = (select 1 from c) from d', ['write a as x modifying', 'read c modifying', 'read d modifying']],
    ['delete from only a using b', ['write a only modifying', 'read b modifying']],
    ['merge into a using b on true when matched then delete', ['write a modifying', 'read b modifying']],
    ['truncate a, b', ['write a', 'write b']],
    ['lock a', ['lock a']],
    ['copy a from stdin', ['write a']],
    ['copy (select * from a) to stdout', ['read a']],
    ['create temp table a as select * from b', ['ddl a temporary', 'read b']],
    ['create view v as select * from a', ['ddl v', 'read a']],
    ['create table a (like b, c int references d) inherits (e)', ['ddl a', 'ddl b', 'ddl d', 'ddl e']],
    ['drop table a, s.b', ['ddl a', 'ddl s.b']],
    ['drop trigger t on s.a', ['ddl s.a']],
    ['comment on column a.b is null', ['ddl a']],
    ['grant select on a to b', ['ddl a']],
    ['alter table a attach partition b default', ['ddl a', 'ddl b']],
    ['prepare p as select * from a', ['read a']],
    ['explain select * from a', ['read a']],
    ['declare c cursor for select * from a', ['read a']],
    ['create policy p on a using (exists (select 1 from b))', ['ddl a', 'read b']],
    ['select json_arrayagg(x returning text) from a', ['read a']],
  ])('%s', (sql, expected) => {
    const { relations, unknown } = one(sql);
    expect({ relations: relations.map(shown).sort(), unknown }).toEqual({ relations: expected.toSorted(), unknown: [] });
  });

  it.each([
    ['with a as (select 1) select * from a, s.a', ['read a cte', 'read s.a']],
    ['with a as (select * from a) select * from a', ['read a', 'read a cte']],
    ['with recursive a as (select * from a) select * from a', ['read a cte', 'read a cte']],
    ['with a as (select * from b), b as (select * from a) select 1', ['read a cte', 'read b']],
    ['with recursive a as (select * from b), b as (select 1) select 1', ['read b cte']],
    ['with a as (select 1) delete from a using a b', ['read a as b cte modifying', 'write a modifying']],
    ['with a as (select 1) select * from b where exists (select 1 from a)', ['read a cte', 'read b']],
    ['select * from (with a as (select 1) select * from a) x, a', ['read a', 'read a cte']],
    ['with a as (select 1) select 1 from a union select 2 from a', ['read a cte', 'read a cte']],
    ['select 1 from a union (with a as (select 1) select 2 from a)', ['read a', 'read a cte']],
    ['with a as (select 1) insert into a select * from a', ['read a cte modifying', 'write a modifying']],
  ])('tells a WITH query from a table in %s', (sql, expected) => {
    expect(one(sql).relations.map(shown).sort()).toEqual(expected);
  });

  it('stand at their bytes in the text', () => {
    const sql = Buffer.from(`select 'é', 1 from public . "Straße" as x, U&"d\\0061ta" UESCAPE '!', t*; select 2 from "ü"`);
    const written = parseText(sql);
    const names =
      written.kind === 'statements' &&
      written.statements.flatMap(({ relations }) => relations.map(({ at, end }) => sql.toString('utf8', at, end)));
    expect(names).toEqual(['public . "Straße"', `U&"d\\0061ta" UESCAPE '!'`, 't', '"ü"']);
  });
});

describe('what a statement calls', () => {
  it('is found in every place that can hold an expression', () => {
    const places = [
      'select f(1)',
      'select 1 from f(1)',
      'select 1 from rows from (f(1))',
      'select 1 from t, lateral f(1)',
      'select 1 from xmltable($$/a$$ passing f(1) columns b int)',
      'select 1 from json_table(f(1), $$$$ columns (a int))',
      'select 1 where f(1)',
      'select 1 from t group by f(1)',
      'select 1 having f(1)',
      'select 1 order by f(1)',
      'select 1 limit f(1)',
      'select 1 offset f(1)',
      'select distinct on (f(1)) 1',
      'select count(*) filter (where f(1))',
      'select count(*) over (partition by f(1))',
      'select count(*) over w from t window w as (order by f(1))',
      'select percentile_cont(f(1)) within group (order by 1)',
      'select array[f(1)]',
      'select row(f(1))',
      'select (array[1])[f(1)]',
      'select f(1)::text',
      'select f(1) collate "C"',
      'select case f(1) when 1 then 2 end',
      'select case when true then f(1) end',
      'select coalesce(1, f(1))',
      'select greatest(f(1))',
      'select 1 in (f(1))',
      'select 1 in (select f(1))',
      'select exists (select f(1))',
      'select array(select f(1))',
      'select f(1) is null',
      'select f(1) is true',
      'select xmlelement(name a, f(1))',
      'select xmlserialize(content f(1) as text)',
      'select json_object(f(1) : 1)',
      'select json_query(f(1), $$$$)',
      'select json_value($$$$, $$$$ passing f(1) as a)',
      'select json_value($$$$, $$$$ default f(1) on empty)',
      'select json_objectagg(f(1) : 1)',
      'select json_scalar(f(1))',
      'select json_serialize(f(1))',
      'select f(1) is json',
      'select 1 union select f(1)',
      'select f(1) union select 1',
      'values (f(1))',
      'with a as (select f(1)) select 1',
      'select 1 from t join u on f(1)',
      'select 1 from (select f(1)) x',
      'select 1 from t tablesample system (f(1))',
      'insert into t values (f(1))',
      'insert into t select f(1)',
      'insert into t values (1) on conflict (f(1)) do nothing',
      'insert into t values (1) on conflict do update set a = f(1)',
      'insert into t values (1) on conflict (a) do update set a = 1 where f(1)',
      'insert into t values (1) returning f(1)',
      'with a as (select f(1)) insert into t select 1',
      'update t set a = f(1)',
      'update t set (a, b) = (select f(1), 2)',
      'update t set a[f(1)] = 1',
      'update t set a = 1 where f(1)',
      'update t set a = 1 from f(1)',
      'update t set a = 1 returning f(1)',
      'delete from t where f(1)',
      'delete from t using f(1)',
      'delete from t returning f(1)',
      'merge into t using f(1) on true when matched then delete',
      'merge into t using u on f(1) when matched then delete',
      'merge into t using u on true when matched and f(1) then delete',
      'merge into t using u on true when matched then update set a = f(1)',
      'merge into t using u on true when not matched then insert values (f(1))',
      'copy (select f(1)) to stdout',
      'copy t from stdin where f(1)',
      'prepare p as select f(1)',
      'execute p (f(1))',
      'declare c cursor for select f(1)',
      'explain select f(1)',
      'call f(1)',
      'create view v as select f(1)',
      'create table t as select f(1)',
      'create materialized view v as select f(1)',
      'create table t (a int default f(1))',
      'create table t (a int check (f(1)))',
      'create table t (a int generated always as (f(1)) stored)',
      'create table t (a int) partition by range (f(1))',
      'alter table t add column a int default f(1)',
      'alter table t alter column a type int using f(1)',
      'create index on t (f(1))',
      'create index on t (a) where f(1)',
      'create policy p on t using (f(1))',
      'create rule r as on insert to t do also select f(1)',
      'create trigger r before insert on t for each row when (f(1)) execute function g()',
      'create domain d as int check (f(1))',
      'create function g() returns int language sql return f(1)',
      'create function g() returns int language sql begin atomic select f(1); end',
      'create function g(a int default f(1)) returns int language sql as $$$$',
      'create schema s create view v as select f(1)',
      'create statistics s on (f(1)), a from t',
    ];
    const missed = places.filter((sql) => !one(sql).functions.some(({ name, arguments: count }) => name === 'f' && count === 1));
    const unknown = places.flatMap((sql) => one(sql).unknown);
    expect({ missed, unknown }).toEqual({ missed: [], unknown: [] });
  });

  it('keeps what the text says of it', () => {
    const { functions, operators, types, columns, special } = one(
      `select s.f(a, c.b), (c).x, 'k'::text, b::s.t[], current_user, 1 operator(s.+) 2, a in (select 1) from c where d like 'x'`,
    );
    expect({ functions, operators, types, columns, special }).toEqual({
      functions: [{ schema: 's', name: 'f', arguments: 2, at: 7 }],
      operators: [{ schema: 's', name: '+' }, { name: '=' }, { name: '~~' }],
      types: [
        { name: 'text', array: false, use: 'literal' },
        { schema: 's', name: 't', array: true, use: 'cast' },
      ],
      columns: [
        { path: ['a'], field: false, at: 11 },
        { path: ['c', 'b'], field: false, at: 14 },
        { path: ['x'], field: true },
        { path: ['c'], field: false, at: 21 },
        { path: ['b'], field: false, at: 38 },
        { path: ['d'], field: false, at: 110 },
      ],
      special: ['SQLValueFunction CURRENT_USER'],
    });
  });
});

describe('the keys that bound a modification', () => {
  it.each([
    ['delete from t where id = 1', ['id']],
    ['delete from t where 1 = id', ['id']],
    ['delete from t where id = $1::int and tenant = $2 and note like $3', ['id', 'tenant']],
    ['delete from t x where x.id = 1', ['id']],
    ['delete from t where id in (1, 2, 3)', ['id']],
    ['update t set a = 1 where public.t.id = 1', ['id']],
    ['merge into t using (values (1)) s(x) on t.id = 7 when matched then delete', ['id']],
    ['delete from t using u where t.id = 1 and u.x = 2', ['id']],
    ['delete from t using u where id = 1', []],
    ['delete from t using u where u.id = 1', []],
    ['delete from t', []],
    ['delete from t where id > 0', []],
    ['delete from t where id = 1 or true', []],
    ['delete from t where not (id = 1)', []],
    ['delete from t where (id = 1) is not null', []],
    ['delete from t where id = id', []],
    ['delete from t where id = (select 1)', []],
    ['delete from t where id = f(1)', []],
    ['delete from t where id + 0 = 1', []],
    ['delete from t where id::text = $1', []],
    ['delete from t where id <> 1', []],
    ['delete from t where id not in (1, 2)', []],
    ['delete from t where id = any ($1)', []],
    ['delete from t where id = null', []],
    ['delete from t where (id, x) = (1, 2)', []],
    ['delete from t where (t).id = 1', []],
    [`delete from t where id in (${Array(101).fill('1').join(', ')})`, []],
  ])('%s', (sql, keys) => {
    expect(one(sql).modifications.map((modification) => modification.keys)).toEqual([keys]);
  });

  it.each([
    ['insert into t values (1)', { command: 'INSERT', events: ['INSERT'], assigned: [], open: false, currentOf: false }],
    [
      'insert into t values (1) on conflict (a) do update set a = 1',
      { command: 'INSERT', events: ['INSERT', 'UPDATE'], assigned: ['a'], open: false, currentOf: false },
    ],
    [
      'insert into t select 1 on conflict (a) do update set a = 1',
      { command: 'INSERT', events: ['INSERT', 'UPDATE'], open: true, currentOf: false },
    ],
    ['delete from t where current of c', { command: 'DELETE', events: ['DELETE'], open: false, currentOf: true }],
    [
      'merge into t using u on t.id = 1 when matched then update set a = 1 when not matched by source then delete',
      { command: 'MERGE', events: ['UPDATE', 'DELETE'], assigned: ['a'], open: true, currentOf: false },
    ],
  ])('%s', (sql, expected) => {
    expect(one(sql).modifications).toEqual([expect.objectContaining(expected)]);
  });
});

describe('what a statement does to its session', () => {
  it.each([
    [`set local a.b to 'x', 3`, { kind: 'set', name: 'a.b', values: ['x', '3'], local: true }],
    ['set Search_Path = a, "B"', { kind: 'set', name: 'search_path', values: ['a', 'B'], local: false }],
    [`set time zone interval '1' hour`, { kind: 'set', name: 'timezone', values: ['1'], local: false }],
    ['set x to default', { kind: 'reset', name: 'x', local: false }],
    ['reset x', { kind: 'reset', name: 'x', local: false }],
    ['reset all', { kind: 'reset-all' }],
    ['discard temp', { kind: 'discard', what: 'temp' }],
    ['show x', { kind: 'show', name: 'x' }],
    ['execute p(1)', { kind: 'execute', name: 'p' }],
    ['create table t as execute p', { kind: 'execute', name: 'p' }],
    ['explain analyze execute p', { kind: 'explain', analyze: true, executes: 'p' }],
    ['deallocate p', { kind: 'deallocate', name: 'p' }],
    ['deallocate all', { kind: 'deallocate' }],
    ['fetch all from c', { kind: 'fetch', name: 'c', move: false }],
    ['move 3 in c', { kind: 'fetch', name: 'c', move: true }],
    ['close all', { kind: 'close' }],
    ['copy t from stdin', { kind: 'copy', direction: 'from', end: 'client', query: false }],
    ['copy (select 1) to stdout', { kind: 'copy', direction: 'to', end: 'client', query: true }],
    [
      'begin isolation level serializable, read only',
      {
        kind: 'transaction',
        command: 'begin',
        modes: [
          { name: 'transaction_isolation', value: 'serializable' },
          { name: 'transaction_read_only', value: '1' },
        ],
      },
    ],
    ['commit and chain', { kind: 'transaction', command: 'commit-and-chain', modes: [] }],
    ['rollback to a', { kind: 'transaction', command: 'rollback-to', name: 'a', modes: [] }],
    [`commit prepared 'g'`, { kind: 'transaction', command: 'commit-prepared', name: 'g', modes: [] }],
    ['listen a', { kind: 'listen', channel: 'a' }],
    [`notify a, 'b'`, { kind: 'notify', channel: 'a' }],
    ['unlisten *', { kind: 'unlisten' }],
    ['select 1', { kind: 'plain' }],
  ])('%s', (sql, act) => {
    expect(one(sql).act).toEqual(act);
  });

  it('holds what PREPARE and DECLARE will run', () => {
    const inner = one('delete from t where id = $1');
    for (const sql of ['prepare p as delete from t where id = $1', 'prepare p(int) as delete from t where id = $1']) {
      const { act } = one(sql);
      expect(act.kind === 'prepare' && act.inner).toMatchObject({
        verb: inner.verb,
        modifications: inner.modifications,
        where: true,
      });
    }
    const { act } = one('declare c cursor with hold for select * from t');
    expect(act).toMatchObject({ kind: 'declare', name: 'c', hold: true, inner: { verb: 'SELECT' } });
  });
});

describe('the statements of a text', () => {
  it('have their bytes, without blanks and semicolons', () => {
    const sql = Buffer.from(`  select 'é' ;\n\n -- last\n drop table t  ; ; select 2 \n`);
    const parsed = parseText(sql);
    expect(parsed.kind === 'statements' && parsed.statements.map(({ from, to }) => sql.toString('utf8', from, to))).toEqual([
      `select 'é'`,
      'drop table t',
      'select 2',
    ]);
  });
});

describe('the places of what masks replace', () => {
  const cut = (sql: string, places: readonly { from: number; to: number }[] = []): string[] =>
    places.map(({ from, to }) => Buffer.from(sql).toString('utf8', from, to));

  it.each([
    ['select public.t.a, t.b, c from public.t', ['public.']],
    ['select public.t.a from public.t where public.t.a = 1', ['public.', 'public.']],
    ['select "Öd" . /* . */ t.*, db.public.t.b from t', ['"Öd" . /* . */ ', 'db.public.']],
    ['select (public.t.a).b from t', ['public.']],
  ])('are where columns name a schema: %s', (sql, places) => {
    expect(cut(sql, one(sql).qualified)).toEqual(places);
  });

  it.each([
    ['select pg_get_viewdef(1), lower(a) from t', ['pg_get_viewdef(']],
    ['select Pg_Catalog . "pg_get_indexdef" /* ( */ (1, 0, true)', ['Pg_Catalog . "pg_get_indexdef" /* ( */ (']],
    ['select * from obj_description(1) where obj_description(2) is null', ['obj_description(', 'obj_description(']],
  ])('are where definitions are called for: %s', (sql, places) => {
    expect(cut(sql, one(sql).definitions)).toEqual(places);
  });

  it('are absent without any', () => {
    expect([one('select a from t').qualified, one('select a from t').definitions]).toEqual([undefined, undefined]);
  });
});
