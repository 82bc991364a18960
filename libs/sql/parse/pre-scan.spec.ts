import { defaultCaps, preScan } from './pre-scan.js';

const depthOf = (sql: string): number | string => {
  const scan = preScan(Buffer.from(sql));
  return scan.kind === 'fit' ? scan.depth : scan.reason;
};

describe('preScan', () => {
  it.each([
    ['select 1', 0],
    ['select 1 + 2 + 3', 2],
    ['select 1 + 2, 3 + 4', 1],
    ['select (1)', 4],
    ['select ((1))', 8],
    ['select a = 1 and b = 2 or c = 3', 1],
    ['select not not not true', 3],
    ['select case when a then case when b then 1 end end', 8],
    ['select 1 union select 2 union select 3', 2],
    ['select a, b from t join u using (c) join v using (d)', 6],
    [`select '1 + 2 + 3', "a + b + c", $$d + e$$, $x$f + $$ + g$x$ -- h + i`, 0],
    [`select E'it\\'s + 1' /* + /* + */ + */`, 0],
    ['select 1::a::b::c', 3],
    ['select 1 + 2; select 3 + 4', 1],
    ['select 1 operator(pg_catalog.+) 2 operator(pg_catalog.+) 3', 7],
  ])('bounds the depth of %s by %i', (sql, depth) => {
    expect(depthOf(sql)).toBe(depth);
  });

  it.each([
    ['a chain of concatenations', `select ${Array(16_000).fill(`''`).join('||')}`, 'nested too deeply'],
    ['a sum of 12,000 terms', `select ${Array(12_000).fill('1').join('+')}`, 'nested too deeply'],
    ['brackets', `select ${'('.repeat(2_000)}1${')'.repeat(2_000)}`, 'nested too deeply'],
    ['CASE within CASE, with AND between', `select ${'case when a and '.repeat(2_000)}b`, 'nested too deeply'],
    ['comments that never end', '/*'.repeat(50_000), 'more than 1000 comments'],
    ['a NUL', 'select 1\0; drop table t', 'a NUL byte'],
    ['more than 1 MiB', ' '.repeat(defaultCaps.bytes + 1), 'longer than 1048576 bytes'],
  ])('refuses %s', (_, sql, reason) => {
    expect(depthOf(sql)).toBe(reason);
  });

  it('refuses what is not UTF-8', () => {
    expect(preScan(Buffer.from([0x73, 0xff]))).toEqual({ kind: 'refused', reason: 'not valid UTF-8' });
  });

  it('lets long lists through', () => {
    const rows = Array(5_000).fill(`(-1, 'it''s', now() - interval '1 day', 2.5::numeric)`);
    expect(depthOf(`insert into t values ${rows.join(', ')}`)).toBeLessThan(20);
    expect(depthOf(`select * from t where ${Array(5_000).fill('id = -1').join(' or ')}`)).toBeLessThan(20);
  });
});
