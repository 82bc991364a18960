import { endOfName } from './identifiers.js';

describe('endOfName', () => {
  it.each([
    ['orders o', 1, 'orders'],
    ['"or""ders" o', 1, '"or""ders"'],
    ['public . /* a /* b */ */ "orders"-- c', 2, 'public . /* a /* b */ */ "orders"'],
    ['db.public.orders,', 3, 'db.public.orders'],
    ['U&"d\\0061ta" where', 1, 'U&"d\\0061ta"'],
    [`U&"d!0061ta" uescape '!' where`, 1, `U&"d!0061ta" uescape '!'`],
    ['straße$1 x', 1, 'straße$1'],
  ])('finds the end of the name in %s', (text, parts, name) => {
    const sql = Buffer.from(text);
    expect(sql.toString('utf8', 0, endOfName(sql, 0, parts))).toBe(name);
  });

  it.each([
    ['', 1],
    ['(select', 1],
    ['orders o', 2],
    ['"orders', 1],
  ])('finds none in %j with %i parts', (text, parts) => {
    expect(endOfName(Buffer.from(text), 0, parts)).toBeUndefined();
  });
});
