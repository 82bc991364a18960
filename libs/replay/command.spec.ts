import { type Command, commandsOf } from './command.js';

const set = (name: string, value: string, local = false): Command => ({ kind: 'set', local, settings: [{ name, value }] });
const other = (verb: string, opaque = false): Command => ({ kind: 'other', verb, opaque });

const cases: [string, Command[]][] = [
  ["SELECT ';' ; ; /* ; /* ; */ */ SELECT $a$;$a$ -- ;", [other('SELECT'), other('SELECT')]],
  ["SELECT E'\\';' || U&';' ; COMMIT", [other('SELECT'), { kind: 'commit', chain: false }]],
  ['CREATE RULE r AS ON INSERT TO t DO (SELECT 1; SELECT 2); END', [other('CREATE'), { kind: 'commit', chain: false }]],
  [
    'CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; END; ABORT',
    [other('CREATE'), { kind: 'rollback', chain: false }],
  ],
  ["SET SESSION DateStyle TO ISO, 'MDY'", [set('datestyle', 'iso, MDY')]],
  ['SET LOCAL "App.User" = -5', [set('App.User', '-5', true)]],
  ["SET TIME ZONE 'Europe/Berlin'", [set('TimeZone', 'Europe/Berlin')]],
  ['SET TIME ZONE LOCAL', [{ kind: 'reset', local: false, name: 'TimeZone' }]],
  ["SET NAMES 'UTF8'", [set('client_encoding', 'UTF8')]],
  ['SET search_path = "a""b", Public', [{ kind: 'search path', local: false, path: ['a"b', 'public'] }]],
  ["SET SCHEMA 'app'", [{ kind: 'search path', local: false, path: ['app'] }]],
  ['SET x TO DEFAULT', [{ kind: 'reset', local: false, name: 'x' }]],
  [
    'SET LOCAL ROLE NONE; RESET ROLE',
    [
      { kind: 'role', local: true, name: null },
      { kind: 'role', local: false, name: null },
    ],
  ],
  ["SET role = 'Admin'", [{ kind: 'role', local: false, name: 'Admin' }]],
  ['SET SESSION SESSION AUTHORIZATION DEFAULT', [{ kind: 'session authorization', local: false, name: null }]],
  ['SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY', [set('default_transaction_read_only', 'on')]],
  ['SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', [set('transaction_isolation', 'repeatable read', true)]],
  [
    'START TRANSACTION READ WRITE, NOT DEFERRABLE',
    [
      {
        kind: 'begin',
        modes: [
          { name: 'transaction_read_only', value: 'off' },
          { name: 'transaction_deferrable', value: 'off' },
        ],
      },
    ],
  ],
  ['ROLLBACK WORK AND NO CHAIN', [{ kind: 'rollback', chain: false }]],
  ['ROLLBACK TRANSACTION TO SAVEPOINT "S"', [{ kind: 'rollback to', name: 'S' }]],
  ["COMMIT PREPARED 'x'; ROLLBACK PREPARED 'y'", [other('COMMIT'), other('ROLLBACK')]],
  ["PREPARE TRANSACTION 'x'", [{ kind: 'commit', chain: false }]],
  ['PREPARE p (int, text) AS SELECT $1 ;', [{ kind: 'prepare', name: 'p', sql: 'SELECT $1' }]],
  ['DEALLOCATE PREPARE ALL', [{ kind: 'deallocate', name: null }]],
  ['DECLARE c NO SCROLL CURSOR WITHOUT HOLD FOR SELECT 1', [{ kind: 'declare', name: 'c', sql: 'SELECT 1', hold: false }]],
  ['DECLARE c CURSOR WITH HOLD FOR SELECT 1', [{ kind: 'declare', name: 'c', sql: 'SELECT 1', hold: true }]],
  ['FETCH FORWARD 5 FROM "C"', [{ kind: 'fetch', name: 'C' }]],
  ['DISCARD TEMPORARY', [{ kind: 'discard', what: 'temp' }]],
  ['CREATE TEMP TABLE IF NOT EXISTS t (a int) ON COMMIT DROP', [{ kind: 'create temp', name: 't', dropOnCommit: true }]],
  ['CREATE TABLE pg_temp.t AS SELECT 1', [{ kind: 'create temp', name: 't', dropOnCommit: false }]],
  ['CREATE TABLE app.t (a int)', [other('CREATE')]],
  ['SELECT a INTO TEMPORARY TABLE t FROM (SELECT 1 INTO x) s', [{ kind: 'create temp', name: 't', dropOnCommit: false }]],
  ['DROP TABLE IF EXISTS t, pg_temp.u, app.v CASCADE', [{ kind: 'drop tables', names: ['t', 'u'] }]],
  ["SELECT pg_catalog.set_config('role', 'x', false)", [other('SELECT', true)]],
  ['CALL p()', [other('CALL', true)]],
  ["'unterminated", [other('')]],
];

describe('the commands of a text', () => {
  it.each(cases)('%s', (sql, commands) => {
    expect(commandsOf(sql)).toEqual(commands);
  });

  it('are read in time that grows with the text, whatever the text', () => {
    for (const piece of ["'", '"', '$a$', '/*', '(', 'a', "E'\\", '--\n'])
      expect(commandsOf(piece.repeat(20_000)).length).toBeLessThanOrEqual(1);
  });
});
