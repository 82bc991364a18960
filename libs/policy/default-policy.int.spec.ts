import pg from 'pg';
import { type Catalog, resolve, SqlParser } from '#sql';
import { type Postgres, startPostgres } from '../../test/postgres/index.js';
import { readCatalog } from '../../test/risks/catalog.js';
import { riskCases } from '../../test/risks/cases.js';
import { riskFixture } from '../../test/risks/fixture.js';
import { compile } from './compile.js';
import { decide, type Decision } from './decide.js';
import { defaultPolicy } from './default-policy.js';

describe('the default policy', () => {
  let postgres: Postgres;
  let catalog: Catalog;
  let parser: SqlParser;
  const text = defaultPolicy([{ groups: ['agents'], target: 'main', databases: ['*'], login: 'app' }], ['dba']);
  const names = { role: 'app', searchPath: ['$user', 'public'], temporary: [] };
  const principal = { groups: ['agents'], issuer: 'https://issuer', kind: 'agent' as const, subject: 'bot' };

  beforeAll(async () => {
    postgres = await startPostgres({ initSql: riskFixture });
    const client = new pg.Client(postgres.superuserUrl);
    await client.connect();
    catalog = await readCatalog(client);
    await client.end();
    parser = await SqlParser.start({ threads: 1 });
  }, 60_000);
  afterAll(async () => {
    await parser.close();
    await postgres.stop();
  });

  async function decided(sql: string): Promise<Decision> {
    const compiled = compile(text, 'default');
    const parsed = await parser.parse(Buffer.from(sql));
    if ('problems' in compiled || parsed.kind !== 'statements') throw new Error(JSON.stringify([compiled, parsed]));
    const statements = parsed.statements.map((statement) => resolve(statement, catalog, names));
    return decide(statements, { principal, target: 'main', database: 'postgres' }, compiled.policy);
  }

  it('has no problem', () => {
    expect(compile(text, 'default')).toHaveProperty('policy');
  });

  it.each(riskCases)('$id: $sql', async ({ sql, mustGate }) => {
    expect((await decided(sql)).verdict === 'allow').toBe(!mustGate);
  });

  it.each([
    ['select pg_read_file($$/etc/passwd$$)', 'no-way-around'],
    ['copy accounts to program $$id$$', 'no-way-around'],
    ['reset role', 'no-way-around'],
    ['grant all on accounts to app', 'no-privileges'],
    ['alter system set fsync = off', 'no-privileges'],
    ['load $$x$$', 'no-loading'],
    ['update pg_settings set setting = $$off$$ where name = $$row_security$$', 'sallyport:role-guard'],
    ['select rolpassword from pg_authid', 'no-secrets'],
    ['select * from missing', 'unseen'],
    ['select row(1)::job::text', 'unseen'],
    ['select 1::nice_int', 'unseen'],
    ['insert into inbox values (1)', 'unseen'],
    ['insert into dflt (x) values (1)', 'unseen'],
    ['explain select purge_accounts()', 'unseen'],
    ['execute nobody', 'unseen'],
    ['create temp table t (a int)', 'definitions'],
    ['vacuum accounts', 'definitions'],
    ['with d as (delete from accounts returning 1) select * from d', 'mass-writes'],
    ['prepare p as delete from accounts', 'mass-writes'],
    ['truncate accounts', 'mass-writes'],
    ['delete from accounts where id = 1', 'cascades'],
    ['set search_path = evil', 'server-wide'],
    ['select set_config($$role$$, $$other$$, false)', 'sallyport:role-guard'],
    ['select set_config($$x.y$$, $$z$$, false)', 'server-wide'],
    ['lock accounts', 'server-wide'],
    ['select pg_terminate_backend(1)', 'server-wide'],
  ])('does not let %s pass: %s', async (sql, rule) => {
    const decision = await decided(sql);
    expect({ rule: decision.rule, allowed: decision.verdict === 'allow' }).toEqual({ rule, allowed: false });
  });

  it.each([
    'begin; insert into staging values (1); commit',
    'update accounts set owner = $1 where id = $2 returning *',
    'select a.owner, count(*), sum(o.total) over () from accounts a left join orders o on o.account_id = a.id group by 1, o.total',
    'select * from v_accounts order by id limit 10',
    'delete from orders where id = $1',
    'copy staging from stdin',
    'copy (select * from accounts) to stdout',
    'declare c cursor for select * from accounts',
    'explain analyze select * from accounts',
    'set application_name = x; show search_path',
    'select relname from pg_class; select table_name from information_schema.tables',
    'savepoint a; rollback to a; release a',
    'listen a; unlisten *',
  ])('lets %s pass', async (sql) => {
    expect((await decided(sql)).verdict).toBe('allow');
  });
});
