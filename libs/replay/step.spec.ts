import { serialize as frontend } from 'pg-protocol';
import { step, stateHash, steps } from './index.js';
import { backend } from './testing/backend.js';
import { c, s, Script } from './testing/script.js';

const { ready, complete, row, columns } = backend;
const facts = { effects: ['read' as const], reads: [], writes: [], functions: [], unbounded: false, risks: [], verb: 'SELECT' };

const session = new Script()
  .ready()
  .decided(1, 'query', c(frontend.query('SELECT a; SELECT ssn FROM p')), {
    count: 2,
    statements: [
      { ...facts, from: 0, to: 8 },
      { ...facts, from: 10, to: 27 },
    ],
    rule: 'two',
  })
  .completed(1, s(columns({ name: 'a', type: 23 }), row('1'), row(null), complete('SELECT 2')), { rows: 2 })
  .event('wire.recorded', { n: 2 }, s(columns({ name: 'a' }, { name: 'ssn' }), row('x', '***')))
  .completed(2, s(complete('SELECT 1'), ready('I')), {
    rows: 1,
    columns: [
      { name: 'a', type: 25 },
      { name: 'ssn', type: 25, masked: 'redact' },
    ],
  })
  .event('statement.prepared', { n: 3, name: '', parameterTypes: [], statements: [] }, c(frontend.parse({ text: 'SELECT b' })))
  .decided(4, 'bind', c(frontend.bind({ binary: true }), frontend.execute(), frontend.sync()), { prepared: 3, rule: 'bound' })
  .completed(4, s(backend.parseComplete, backend.bindComplete, row(Buffer.from([0, 255])), complete('SELECT 1'), ready('I')))
  .closed().recorded;

describe('a step', () => {
  it('shows the rows that the client was handed, its statement and its decision', () => {
    expect(step(session, 4)).toMatchObject({
      seq: 4,
      decision: { rule: 'two' },
      sql: 'SELECT a',
      results: [{ n: 1, columns: [{ name: 'a', type: 23, mask: null }], masking: 'unknown', rows: [['1'], [null]], absent: [] }],
    });
  });

  it('does not know what was masked where the end tells no columns: a wide result leaves them out', () => {
    expect(step(session, 4)?.event).toMatchObject({ type: 'statement.completed', data: { n: 1 } });
    expect(step(session, 4)?.results.map(({ masking }) => masking)).toEqual(['unknown']);
  });

  it('does not know what was masked while no end of the statement is on record', () => {
    const running = session.slice(0, 6);
    expect(step(running, 5)?.results.map(({ n, masking }) => [n, masking])).toEqual([[2, 'unknown']]);
  });

  it('marks masked cells by what the end of the statement tells', () => {
    expect(step(session, 5)).toMatchObject({
      sql: 'SELECT ssn FROM p',
      results: [
        {
          n: 2,
          masking: 'known',
          columns: [
            { name: 'a', type: 25, mask: null },
            { name: 'ssn', type: 25, mask: 'redact' },
          ],
          rows: [['x', '***']],
        },
      ],
    });
    expect(step(session, 6)?.state.answer?.masks).toEqual([null, 'redact']);
  });

  it('shows binary values as their bytes, and names no column that nothing named', () => {
    expect(step(session, 9)).toMatchObject({
      sql: 'SELECT b',
      decision: { rule: 'bound' },
      results: [{ n: 4, columns: [{ name: 'column 1', type: 0, mask: null }], rows: [[{ hex: '00ff' }]] }],
    });
  });

  it('is undefined where the session has none', () => {
    expect(step(session, 99)).toBeUndefined();
  });

  it('is the same by itself and on the way', () => {
    const all = [...steps(session)];
    expect(all.map(({ seq }) => seq)).toEqual(session.map(({ event }) => event.seq));
    for (const each of all) {
      expect(step(session, each.seq)).toEqual(each);
      expect(each.hash).toBe(stateHash(each.state));
    }
  });

  it('says how many rows are not there, and why', () => {
    const capped = new Script()
      .ready()
      .decided(1, 'query', c(frontend.query('SELECT a')))
      .withholding({ rows: 'cap' })
      .completed(1, s(columns({ name: 'a' }), row('1'), row('2'), row('333'), complete('SELECT 3'), ready('I'))).recorded;
    const [result] = step(capped, 4)?.results ?? [];
    expect(result).toMatchObject({
      rows: [],
      absent: [{ count: 3, why: 'cap' }],
    });
  });
});
