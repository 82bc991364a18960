import { parseText } from '../parse/libpg.js';

const assumed = (sql: string): readonly string[] => {
  const parsed = parseText(Buffer.from(sql));
  if (parsed.kind !== 'statements') throw new Error(parsed.kind);
  return parsed.statements.flatMap(({ assumes = [] }) => assumes);
};

describe('the roles that a statement makes its session run as', () => {
  it.each<[string, readonly string[]]>([
    ['SET ROLE admin', ['admin']],
    ['SET LOCAL ROLE "Admin"', ['Admin']],
    [`SET SESSION ROLE 'admin'`, ['admin']],
    ['SET role TO admin', ['admin']],
    ['SET "ROLE" = admin', ['admin']],
    ['SET SESSION AUTHORIZATION admin', ['admin']],
    [`SET session_authorization = 'admin'`, ['admin']],
    [`SELECT set_config('role', 'admin', false)`, ['admin']],
    [`SELECT set_config('r' || 'ole', 'admin', false)`, ['*']],
    [`SELECT pg_catalog.set_config('Role'::text, 'admin', true)`, ['admin']],
    [String.raw`SELECT set_config(E'\x72ole', 'admin', true)`, ['admin']],
    [String.raw`SELECT set_config(U&'\0072ole', 'admin', true)`, ['admin']],
    [`SELECT set_config('role', rolname, false) FROM pg_roles`, ['*']],
    ['SELECT set_config($1, $2, false)', ['*']],
    [`SELECT set_config(setting_name => 'role', new_value => 'admin', is_local => false)`, ['*']],
    [`SELECT set_config(name, 'x', false) FROM t`, ['*']],
    [`EXPLAIN ANALYZE SELECT set_config('role', 'admin', false)`, ['admin']],
    [`WITH x AS (SELECT set_config('role', 'admin', false)) SELECT * FROM t WHERE EXISTS (SELECT 1 FROM x)`, ['admin']],
    [`INSERT INTO t VALUES (set_config('role', 'admin', false))`, ['admin']],
    [`PREPARE p AS SELECT set_config('role', 'admin', false)`, ['admin']],
    [`COPY (SELECT set_config('role', 'admin', false)) TO STDOUT`, ['admin']],
    // Kept for later, where nobody decides on it.
    ['ALTER ROLE app SET role = admin', ['*']],
    ['ALTER ROLE ALL IN DATABASE app SET role = admin', ['*']],
    ['ALTER DATABASE app SET role TO admin', ['*']],
    ['ALTER SYSTEM SET role = admin', ['*']],
    [`CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = admin AS 'SELECT 1'`, ['*']],
    ['ALTER FUNCTION f() SET role = admin', ['*']],
    ['ALTER FUNCTION f() SET session_authorization FROM CURRENT', ['*']],
    [`CREATE FUNCTION f() RETURNS text LANGUAGE sql RETURN set_config('role', 'admin', false)`, ['admin']],
    // Back to the session's login, or nothing of the kind.
    ['SET ROLE NONE', []],
    ['RESET ROLE', []],
    ['SET ROLE TO DEFAULT', []],
    ['SET SESSION AUTHORIZATION DEFAULT', []],
    ['RESET ALL', []],
    ['DISCARD ALL', []],
    [`SELECT set_config('role', 'none', false)`, []],
    [`SELECT set_config('app.tenant', $1, true)`, []],
    ['ALTER ROLE app RESET role', []],
    ['ALTER ROLE app SET work_mem = 64', []],
    ['SELECT mine.set_config($1, $2)', []],
    ['SELECT role FROM t', []],
  ])('%s', (sql, roles) => {
    expect(assumed(sql)).toEqual(roles);
  });
});
