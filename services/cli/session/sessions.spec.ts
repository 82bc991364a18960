import { captured } from '../testing/captured.js';
import { sessions } from '../testing/written-log.js';
import { resolveId } from './id.js';

describe('sessions', () => {
  it('are listed with who, where, what came of their statements and whether they ended', async () => {
    const { code, out } = await captured('sessions', '--json');
    const common = {
      principal: 'billing-bot',
      kind: 'agent',
      target: 'demo',
      database: 'shop',
      statements: 2,
      denied: 1,
      held: 0,
      rows: 2,
    };
    expect(code).toBe(0);
    expect(
      out
        .trimEnd()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual([
      { id: sessions[0], opened: expect.any(Number) as unknown, ...common, ended: 'client-terminated' },
      { id: sessions[1], opened: expect.any(Number) as unknown, ...common, ended: null },
    ]);
    expect((await captured('sessions')).out).toMatch(
      /^SESSION +OPENED .*\n01936f00\S+ .* billing-bot \(agent\) +demo\/shop .*client-terminated\n/,
    );
  });

  it('show themselves, one line an event', async () => {
    const { out } = await captured('show', '01936f01');
    expect(out).toContain('statement.decided  deny no-drops');
    expect(out).toContain('statement.completed  ok SELECT 2');
    const whole = JSON.parse((await captured('show', '01936f01', '--json')).out) as { summary: object; events: object[] };
    expect(whole).toMatchObject({ summary: { id: sessions[1] }, events: { length: 7 } });
  });
});

describe('an abbreviated id', () => {
  it.each(['01936f00', '01936F00-00', '01936f0000007000'])('is the session that begins so: %s', (prefix) => {
    expect(resolveId(sessions, prefix)).toBe(sessions[0]);
  });
});
