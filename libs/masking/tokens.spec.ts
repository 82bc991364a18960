import { tokensOf } from './tokens.js';

const cut = (sql: string): string[] =>
  tokensOf(Buffer.from(sql)).map(({ from, to }) => Buffer.from(sql).toString('utf8', from, to));

describe('tokens', () => {
  it.each([
    ['SELECT a.b FROM "x ""y" -- c\n WHERE c=1', ['SELECT', 'a', '.', 'b', 'FROM', '"x ""y"', 'WHERE', 'c', '=', '1']],
    ['a /* x /* y */ -- z */ b', ['a', 'b']],
    ["'it''s' E'\\'' b'01' U&'d\\0061' U&\"d\\0061\"", ["'it''s'", "E'\\''", "b'01'", "U&'d\\0061'", 'U&"d\\0061"']],
    ['$$a $x$ b$$ $x$ $$ $x$ $1', ['$$a $x$ b$$', '$x$ $$ $x$', '$', '1']],
    ["'\\' FROM x", ["'\\'", 'FROM', 'x']],
    ['größe 1e5 0x1f', ['größe', '1e5', '0x1f']],
  ])('cuts %s', (sql, tokens) => {
    expect(cut(sql)).toEqual(tokens);
  });
});
