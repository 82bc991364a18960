import { shapeOf } from './shape.js';

/** As the parser reads a text: a byte is a character. */
const shape = (sql: string): string | undefined => shapeOf(Buffer.from(sql).toString('latin1'));

describe('the shape of a text', () => {
  it.each([
    ['SELECT a FROM t WHERE id = 17', 'SELECT a FROM t WHERE id = 42'],
    ['INSERT INTO t VALUES (1,22), (3,44)', 'INSERT INTO t VALUES (5,66), (7,88)'],
    ['SELECT à FROM t LIMIT 5', 'SELECT à FROM t LIMIT 6'],
  ])('is that of another one where whole numbers alone differ: %s', (one, other) => {
    expect(shape(one)).toBe(shape(other));
  });

  it.each([
    ['SELECT a1 FROM t', 'SELECT a2 FROM t'],
    ['SELECT * FROM à1', 'SELECT * FROM à2'],
    ['SELECT * FROM Р1 ', 'SELECT * FROM Р2 '],
    ['SELECT 1.5', 'SELECT 2.5'],
    ['SELECT 12', 'SELECT 1'],
    ['SELECT 9999999999', 'SELECT 1111111111'],
  ])('is another one where a name or another number differs: %s', (one, other) => {
    expect(shape(one)).not.toBe(shape(other));
  });

  it.each(["SELECT '1'", 'SELECT "a 1"', 'SELECT $1', 'SELECT 1 -- 2', 'SELECT /* 1 */ 2', 'SELECT 1 \\ 2'])(
    'is not told of a text that may hold a number in something else: %s',
    (sql) => {
      expect(shape(sql)).toBeUndefined();
    },
  );
});
