import { MessageRuns, parseRuns } from '#events';

describe('MessageRuns', () => {
  it('codes equal neighbours as one run', () => {
    const runs = new MessageRuns();
    for (const [type, length] of [
      ['T', 32],
      ['D', 17],
      ['D', 17],
      ['D', 18],
      ['C', 13],
      ['Z', 6],
    ] as const)
      runs.add(type, length);
    expect(runs.toString()).toBe('T32 D17*2 D18 C13 Z6');
    expect(parseRuns(runs.toString())).toEqual([
      { type: 'T', length: 32, count: 1 },
      { type: 'D', length: 17, count: 2 },
      { type: 'D', length: 18, count: 1 },
      { type: 'C', length: 13, count: 1 },
      { type: 'Z', length: 6, count: 1 },
    ]);
  });

  it('tells apart what begins no message', () => {
    expect(parseRuns('Q14 ?60')).toEqual([
      { type: 'Q', length: 14, count: 1 },
      { type: '?', length: 60, count: 1 },
    ]);
  });

  it('refuses what is no run', () => {
    expect(() => parseRuns('T32 D')).toThrow(SyntaxError);
  });
});
