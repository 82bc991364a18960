import { parseProgress } from './pgbench.js';
import { interleave, median, ratio } from './rounds.js';

describe('interleave', () => {
  it('runs odd rounds in reverse, and keeps the rounds apart', async () => {
    const order: string[] = [];
    const paths = [{ name: 'a' }, { name: 'b' }];
    const rounds = await interleave(paths, 3, ({ name }) => Promise.resolve(order.push(name)));
    expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
    expect([...rounds]).toEqual([
      ['a', [1, 4, 5]],
      ['b', [2, 3, 6]],
    ]);
  });
});

describe('ratio', () => {
  it('is the median of the ratios inside the rounds', () => {
    const rounds = new Map([
      ['a', [10, 200, 30]],
      ['b', [20, 100, 20]],
    ]);
    expect(ratio(rounds, 'a', 'b', (tps) => tps)).toBe(1.5);
    expect(ratio(rounds, 'a', 'missing', (tps) => tps)).toBeUndefined();
  });
});

describe('median', () => {
  it.each([
    [[3, 1, 2], 2],
    [[4, 1, 2, 3], 2.5],
  ])('of %j is %d', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});

describe('parseProgress', () => {
  it.each([
    ['progress: 1.0 s, 503.7 tps, lat 7.942 ms stddev 1.203, 0 failed', { at: 1, tps: 503.7, latencyMs: 7.942, failed: 0 }],
    ['progress: 2.0 s, 0.0 tps, lat 0.000 ms stddev 0.000, 3 failed', { at: 2, tps: 0, latencyMs: 0, failed: 3 }],
    ['pgbench: error: connection to server failed', undefined],
  ])('reads %s', (line, expected) => {
    expect(parseProgress(line)).toEqual(expected);
  });
});
