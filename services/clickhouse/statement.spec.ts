import { forbiddenOf } from './guard.js';
import { Refused } from './refused.js';
import { readStatement, type Statement } from './statement.js';

const forbidden = forbiddenOf(['file', 'url', 'S3', 'remote', 'numbers', 'view', 'executable']);
const read = (text: string): Statement => readStatement(text, forbidden);
const refusal = (text: string): string | undefined => {
  try {
    read(text);
    return undefined;
  } catch (error) {
    return error instanceof Refused ? error.type : String(error);
  }
};

describe('a statement for the engine', () => {
  it('is a read with the format that it ends with', () => {
    expect(read("SELECT ';' AS `a;b`, 'FORMAT' FROM numbers(3) -- ; no\nFORMAT JSONEachRow ;\n")).toEqual({
      kind: 'read',
      sql: "SELECT ';' AS `a;b`, 'FORMAT' FROM numbers(3) -- ; no\nFORMAT JSONEachRow",
      format: 'JSONEachRow',
    });
    expect(read('(SELECT 1) UNION ALL (SELECT 2)')).toEqual({
      kind: 'read',
      sql: '(SELECT 1) UNION ALL (SELECT 2)',
      format: undefined,
    });
    expect(read('SELECT 1 FORMAT CSV SETTINGS max_threads = 1')).toMatchObject({ format: 'CSV' });
  });

  it('is an insert whose rows follow in the body', () => {
    expect(read('/* rows */ INSERT INTO app.t (a, b) FORMAT JSONEachRow')).toEqual({
      kind: 'insert',
      head: 'INSERT INTO app.t (a, b) ',
      format: 'JSONEachRow',
    });
  });

  it.each([
    ['several statements', 'SELECT 1; SELECT 2', 'SYNTAX_ERROR'],
    ['several statements behind an escaped quote', "SELECT '\\'; DROP TABLE t --'; DROP TABLE t", 'SYNTAX_ERROR'],
    ['nothing', ' -- nothing\n;', 'SYNTAX_ERROR'],
    ['an open string', "SELECT 'a", 'SYNTAX_ERROR'],
    ['an open comment', 'SELECT /* 1', 'SYNTAX_ERROR'],
    ['a name with escapes', 'SELECT `fi\\x6ce`(1)', 'SYNTAX_ERROR'],
    ['rows within the statement', 'INSERT INTO t FORMAT CSV\n1,a', 'NOT_IMPLEMENTED'],
    ['values within the statement', 'INSERT INTO t VALUES (1)', 'NOT_IMPLEMENTED'],
    ['a file', "SELECT * FROM FILE /**/ ('/etc/passwd')", 'ACCESS_DENIED'],
    ['a quoted file', "SELECT `file`('/etc/passwd')", 'ACCESS_DENIED'],
    ['a file between typographic quotes', "SELECT \u201cfile\u201d('/etc/passwd')", 'ACCESS_DENIED'],
    ['a file as a table', 'SELECT * FROM default.`/etc/passwd`', 'ACCESS_DENIED'],
    ['a file written', "SELECT 1 INTO OUTFILE '/tmp/a'", 'ACCESS_DENIED'],
    ['a file read into a table', "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString", 'ACCESS_DENIED'],
    ['an object store', "INSERT INTO t SELECT * FROM s3('http://a')", 'ACCESS_DENIED'],
    ['a table of a file', 'CREATE TABLE t (a UInt8) ENGINE = File(CSV)', 'ACCESS_DENIED'],
    ['a database of files', "CREATE DATABASE d ENGINE Filesystem('/')", 'ACCESS_DENIED'],
    ['a dictionary', "CREATE DICTIONARY d (a UInt8) PRIMARY KEY a SOURCE(FILE(path '/etc/passwd'))", 'ACCESS_DENIED'],
    ['an identifier from a parameter', 'SELECT * FROM {t:Identifier}', 'NOT_IMPLEMENTED'],
    ['a way out of reading only', 'SELECT 1 SETTINGS readonly = DEFAULT', 'READONLY'],
    ['an unlisted verb', 'SYSTEM SHUTDOWN', 'ACCESS_DENIED'],
    ['a setting for whoever comes next', 'SET max_threads = 1', 'ACCESS_DENIED'],
  ])('is refused when it holds %s', (_, text, type) => {
    expect(refusal(text)).toBe(type);
  });

  it('may create what stays inside of the engine', () => {
    const sql = 'CREATE TABLE a.t (a UInt8) ENGINE = ReplacingMergeTree(v) ORDER BY a';
    expect(read(sql)).toEqual({ kind: 'write', sql });
  });
});
