import { request } from '#pgwire';
import { Bench, done, failure, ready } from './testing/bench.js';

const query = (sql: string): Buffer => request.query(sql);

/** A session in which this ran in a transaction block. */
function after(sql: string): Bench {
  const bench = new Bench();
  for (const [text, tag] of [
    ['BEGIN', 'BEGIN'],
    [sql, 'OK'],
  ] as const) {
    bench.session.fromClient(query(text));
    bench.settle();
    bench.reply(done(tag), ready('T'));
  }
  return bench;
}
const questions = (bench: Bench): string[] => bench.sent.filter((sent) => sent.startsWith('P '));

describe('what decisions read', () => {
  it('is asked for without a snapshot behind a SET: the client may still choose its isolation level', () => {
    expect(questions(after('SET x'))).toEqual(['P SHOW role', 'P SHOW session_authorization', 'P SHOW search_path']);
  });

  it('is asked for with the temporary relations behind anything else', () => {
    expect(questions(after('CREATE x'))).toContainEqual(expect.stringContaining('pg_my_temp_schema'));
  });

  it('is not asked for behind a PREPARE: only names have changed', () => {
    expect(questions(after('PREPARE n'))).toEqual([]);
  });

  it('is not asked for before what changes it was sent: an earlier answer may come while that waits for its record', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    bench.session.fromClient(query('SET x'));
    bench.reply(done('SELECT 1'), ready('I'));
    expect(questions(bench)).toEqual([]);
    bench.settle();
    bench.reply(done('SET'), ready('I'));
    expect(questions(bench)).toHaveLength(3);
  });

  it('is not asked for before what changes it was sent: an earlier answer may come while that is gathered', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    bench.session.fromClient(Buffer.concat([request.parse('', 'SET x'), request.bind('', '', []), request.execute('', 0)]));
    bench.reply(done('SELECT 1'), ready('I'));
    expect(questions(bench)).toEqual([]);
  });

  it('is no statement of the client: its cancel does not reach it', () => {
    const bench = after('SET x');
    bench.session.cancel('client');
    expect(bench.cancelled).toBe(0);
    expect(bench.drafts.at(-1)).toEqual({ type: 'cancel.requested', data: { by: 'client', outcome: 'idle' } });
  });

  it('can be found out later, when a cancel on its way failed the transaction under the question', () => {
    const bench = after('SET x');
    bench.reply(failure('57014'), ready('E'));
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    expect([bench.told.slice(-2), bench.ended]).toEqual([['E 25P02', 'Z E'], undefined]);
    bench.session.fromClient(query('ROLLBACK'));
    bench.settle();
    bench.reply(done('ROLLBACK'), ready('I'));
    expect(questions(bench)).toHaveLength(6);
  });

  it('ends the session when no decision on it could be recorded', () => {
    const bench = after('SET x');
    const row = (value: string): Buffer => {
      const bytes = Buffer.alloc(11 + value.length);
      bytes.write('D');
      bytes.writeInt32BE(10 + value.length, 1);
      bytes.writeInt16BE(1, 5);
      bytes.writeInt32BE(value.length, 7);
      bytes.write(value, 11);
      return bytes;
    };
    bench.reply(row('none'), row('r'), row('schema, '.repeat(5_000)), ready('T'));
    expect([bench.ended, bench.told.at(-1)]).toEqual(['limit', 'E 54000']);
  });
});
