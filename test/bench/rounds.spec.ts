import { parseResult } from './pgbench.js';
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

describe('parseResult', () => {
  it("reads pgbench's last lines", () => {
    const text = `transaction type: <builtin: select only>
number of transactions actually processed: 86231
number of failed transactions: 0 (0.000%)
latency average = 0.034 ms
initial connection time = 6.219 ms
tps = 28765.123456 (without initial connection time)
`;
    expect(parseResult(text)).toEqual({ transactions: 86_231, failed: 0, tps: 28_765.123456, latencyMs: 0.034 });
  });
});
