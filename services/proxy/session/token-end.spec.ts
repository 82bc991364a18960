import { request } from '#pgwire';
import { Bench, done, failure, ready } from './testing/bench.js';

const copyInResponse = Buffer.from('G\0\0\0\x07\0\0\0', 'latin1');
const [parseComplete, bindComplete] = ['1', '2'].map((type) => Buffer.from(`${type}\0\0\0\x04`, 'latin1')) as [Buffer, Buffer];
const query = (sql: string): Buffer => request.query(sql);
const extended = (sql: string): Buffer[] => [request.parse('', sql), request.bind('', '', []), request.execute('', 0)];

/** A session that has sent this. */
const after = (...messages: Buffer[]): Bench => {
  const bench = new Bench();
  bench.session.fromClient(Buffer.concat(messages));
  bench.settle();
  return bench;
};
const outcomes = (bench: Bench): string[] =>
  bench.drafts.flatMap((draft) => (draft.type === 'statement.completed' ? [draft.data.outcome] : []));

describe('a session whose token is no longer good', () => {
  it.each(['finish', 'cancel'] as const)('ends at once where nothing runs (%s)', (running) => {
    const bench = after();
    bench.session.tokenEnded('token-expired', running);
    expect([bench.sent, bench.told, bench.ended]).toEqual([['X'], ['E 28000'], 'token-expired']);
  });

  it('ends in a transaction that waits for its client: nothing more could end it', () => {
    const bench = after(query('BEGIN'));
    bench.reply(done('BEGIN'), ready('T'));
    bench.session.tokenEnded('token-expired', 'finish');
    expect([bench.told.slice(-2), bench.ended]).toEqual([['Z T', 'E 28000'], 'token-expired']);
  });

  it('has what runs cancelled first', () => {
    const bench = after(query('SELECT 1'));
    bench.session.tokenEnded('token-revoked', 'cancel');
    expect([bench.sent, bench.told, bench.ended]).toEqual([['Q SELECT 1', '(cut)'], ['E 28000'], 'token-revoked']);
    expect(bench.drafts).toContainEqual({ type: 'cancel.requested', data: { by: 'limit', n: 0, outcome: 'sent' } });
    expect(outcomes(bench)).toEqual(['unknown']);
  });

  it('is answered what runs, and takes nothing more', () => {
    const bench = after(query('SELECT 1'));
    bench.session.tokenEnded('token-expired', 'finish');
    bench.session.fromClient(query('SELECT 2'));
    bench.settle();
    expect([bench.sent, bench.told, bench.ended]).toEqual([['Q SELECT 1'], [], undefined]);
    bench.reply(done('SELECT 1'), ready('I'));
    expect([bench.sent, bench.told, bench.ended]).toEqual([
      ['Q SELECT 1', 'X'],
      ['C SELECT 1', 'Z I', 'E 28000'],
      'token-expired',
    ]);
    expect(outcomes(bench)).toEqual(['ok']);
  });

  it('does not send what waits for its record, and says that it never ran', () => {
    const bench = after(query('SELECT 1'));
    bench.session.fromClient(query('SELECT 2'));
    bench.session.tokenEnded('token-expired', 'finish');
    bench.settle();
    bench.reply(done('SELECT 1'), ready('I'));
    expect([bench.sent, bench.ended]).toEqual([['Q SELECT 1', 'X'], 'token-expired']);
    expect(outcomes(bench).sort()).toEqual(['ok', 'skipped']);
  });

  it('does not wait for a Sync that its client did not send', () => {
    const bench = after(...extended('SELECT 1'), ...extended('SELECT 2'), request.flush());
    bench.session.tokenEnded('token-expired', 'finish');
    bench.reply(parseComplete, bindComplete, failure('22012'));
    expect([bench.told.slice(-2), bench.ended]).toEqual([['E 22012', 'E 28000'], 'token-expired']);
  });

  it('takes no more data of a COPY', () => {
    const bench = after(query('COPY'));
    bench.reply(copyInResponse);
    bench.session.tokenEnded('token-expired', 'finish');
    expect([bench.sent, bench.ended]).toEqual([['Q COPY', '(cut)'], 'token-expired']);
  });

  it('is ended once', () => {
    const bench = after(query('SELECT 1'));
    bench.session.tokenEnded('token-expired', 'finish');
    bench.session.tokenEnded('token-revoked', 'cancel');
    bench.reply(done('SELECT 1'), ready('I'));
    expect([bench.told, bench.ended]).toEqual([['E 28000'], 'token-revoked']);
  });

  it('accounts for every byte that it took', () => {
    const bench = after(query('SELECT 1'));
    bench.session.fromClient(Buffer.concat([query('SELECT 2'), ...extended('SELECT 3')]));
    bench.session.tokenEnded('token-expired', 'finish');
    bench.session.fromClient(query('SELECT 4'));
    bench.reply(done('SELECT 1'), ready('I'));
    const bytes = [query('SELECT 1'), query('SELECT 2'), ...extended('SELECT 3'), query('SELECT 4')];
    const ranges = bench.drafts.flatMap(({ wire = [] }) => wire).filter(({ dir }) => dir === 'c');
    expect(ranges.reduce((sum, { from, to }) => sum + to - from, 0)).toBe(Buffer.concat(bytes).length);
    expect(bench.session.totals.client).toBe(Buffer.concat(bytes).length);
  });
});
