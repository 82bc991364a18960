import { logTail } from './log-tail.js';

describe('the end of a log', () => {
  it('says what happened in words, and leaves out stacks', () => {
    const cause = { type: 'Error', message: 'ENOSPC', at: ['b.js:2'] };
    const lines = [
      { level: 'info', time: '2026-01-01T00:00:00Z', service: 'proxy', listening: { proxy: 6432 }, msg: 'ready' },
      {
        level: 'error',
        service: 'proxy',
        reason: 'LogFull',
        err: { type: 'LogFull', message: 'no space', at: ['a.js:1'], cause },
        msg: 'stopping',
      },
    ];
    const log = `not ours\n${lines.map((line) => `${JSON.stringify(line)}\n`).join('')}`;
    expect(logTail(log, 8)).toEqual([
      'not ours',
      'info: ready listening={"proxy":6432}',
      'error: stopping reason=LogFull (LogFull: no space) (Error: ENOSPC)',
    ]);
    expect(logTail(log, 1)).toEqual(['error: stopping reason=LogFull (LogFull: no space) (Error: ENOSPC)']);
  });
});
