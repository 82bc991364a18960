import { parseText } from './libpg.js';
import { withoutEnding } from './ending.js';
import { shapeOf } from './shape.js';

describe('a text that ends in a comment', () => {
  it.each([
    ["SELECT 1 /*run='a'*/", 'SELECT 1 /*xxxxxxx*/'],
    ["SELECT $1, 'it''s', \"a b\" /*t='1'*/ ; ", "SELECT $1, 'it''s', \"a b\" /*xxxxx*/ ; "],
    ['SELECT 6 -5/2 /*-*/', 'SELECT 6 -5/2 /*x*/'],
  ])('is one with all that say something else in it: %s', (text, same) => {
    expect(withoutEnding(text)).toBe(same);
    expect(parseText(Buffer.from(withoutEnding(text)))).toEqual(parseText(Buffer.from(text)));
  });

  // What stands behind the last slash and star may be no comment, or not all of it.
  it.each([
    "SELECT 1 -- /*run='a'*/",
    "SELECT '/*run=''a'' */",
    "SELECT $$ /*run='a'*/",
    "SELECT $q$ x $q$ /*run='a'*/",
    "SELECT E'\\' /*run='a'*/",
    'SELECT "a /*b*/',
    'SELECT /* a */ 1 /*b*/',
    'SELECT 1 /* a /* b */',
    'SELECT 1 /* a */ b */',
    'SELECT 1',
  ])('is left as it is where that is not sure: %s', (text) => {
    expect(withoutEnding(text)).toBe(text);
  });

  it('has the shape of its body', () => {
    const texts = ["SELECT a FROM t WHERE id = 4711 /*run='a'*/", "SELECT a FROM t WHERE id = 1234 /*run='b'*/"];
    const shapes = texts.map((text) => shapeOf(withoutEnding(text)));
    expect(shapes).toEqual(Array(2).fill('SELECT a FROM t WHERE id = 1111 /*xxxxxxx*/'));
    expect(parseText(Buffer.from(shapes[0] ?? ''))).toEqual(parseText(Buffer.from(texts[0] ?? '')));
  });

  it('is looked at once', () => {
    const started = performance.now();
    withoutEnding(`SELECT ${"'a', ".repeat(2_700)}' /*x*/`);
    withoutEnding(`${'-- /*'.repeat(3_000)}*/`);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
