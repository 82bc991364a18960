import { errorFacts, logger } from '#runtime';

describe('logger', () => {
  it('writes one JSON line: a constant message, and facts as fields', () => {
    const lines: string[] = [];
    logger('proxy', { write: (line) => void lines.push(line) }).info({ session: 's' }, 'session opened');
    const { time, ...rest } = JSON.parse(lines.join('')) as Record<string, unknown>;
    expect(rest).toEqual({ level: 'info', service: 'proxy', session: 's', msg: 'session opened' });
    expect(new Date(time as string).toISOString()).toBe(time);
  });
});

describe('errorFacts', () => {
  it("leaves out the text of a database's error, which may quote a row", () => {
    const error = Object.assign(new Error('invalid input syntax for type integer: "4111111111111111"'), {
      code: '22P02',
      severity: 'ERROR',
      detail: 'Key (ssn)=(078-05-1120)',
    });
    const told = JSON.stringify(errorFacts(new Error('query failed', { cause: error })));
    expect(told).toContain('22P02');
    expect(told).not.toMatch(/4111|078-05/);
  });
});
