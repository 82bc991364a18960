import { applySplices, movedTo, positionMap } from './splice.js';

const sql = Buffer.from('SELECT é FROM a, b WHERE x');
const splices = [
  { from: 15, to: 16, text: '(SELECT ☃) AS a' },
  { from: 18, to: 19, text: 'B' },
];

describe('splices', () => {
  it('replace bytes in place', () => {
    expect(applySplices(sql, splices).toString()).toBe('SELECT é FROM (SELECT ☃) AS a, B WHERE x');
  });

  it('tell where a byte has moved to', () => {
    expect([0, 7, 17, 20].map((at) => movedTo(splices, at))).toEqual([0, 7, 33, 36]);
  });

  it('map a position in the new text, in characters, back to the old one', () => {
    const rewritten = Array.from('SELECT é FROM (SELECT ☃) AS a, B WHERE x');
    const original = Array.from('SELECT é FROM a, b WHERE x');
    const back = positionMap(sql, splices);
    expect(back(rewritten.indexOf('é') + 1)).toBe(original.indexOf('é') + 1);
    expect(back(rewritten.indexOf('☃') + 1)).toBe(original.indexOf('a') + 1);
    expect(back(rewritten.indexOf('B') + 1)).toBe(original.indexOf('b') + 1);
    expect(back(rewritten.indexOf('x') + 1)).toBe(original.indexOf('x') + 1);
  });
});
