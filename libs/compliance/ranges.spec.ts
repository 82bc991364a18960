import { Ranges } from './ranges.js';

describe('a set of numbers that come nearly in order', () => {
  it.each([
    ['in order', [0, 1, 2, 3]],
    ['backwards', [3, 2, 1, 0]],
    ['with a hole that is filled', [0, 1, 3, 2]],
    ['from both ends', [0, 3, 1, 2]],
  ])('knows each once when they come %s', (_, numbers) => {
    const ranges = new Ranges();
    expect(numbers.map((n) => ranges.add(n))).toEqual([true, true, true, true]);
    expect([...numbers, ...numbers].map((n) => ranges.add(n))).toEqual(Array(8).fill(false));
    expect([ranges.size, ranges.last]).toEqual([4, 3]);
  });

  it('counts what is there, not what is missing', () => {
    const ranges = new Ranges();
    for (const n of [5, 9, 7]) ranges.add(n);
    expect([ranges.size, ranges.last]).toEqual([3, 9]);
    expect([6, 8, 5].map((n) => ranges.add(n))).toEqual([true, true, false]);
  });
});
