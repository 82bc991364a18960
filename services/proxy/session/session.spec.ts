import { LogFailed, LogFull } from '#event-log';
import { encodeDataRow, encodeEmptyQueryResponse, encodeRowDescription, request } from '#pgwire';
import { Bench, done, failure, NoMasks, ready } from './testing/bench.js';

const [parseComplete, bindComplete] = ['1', '2'].map((type) => Buffer.from(`${type}\0\0\0\x04`, 'latin1')) as [Buffer, Buffer];
const column = { name: 'a', table: 0, attnum: 0, type: 23, size: 4, typmod: -1, format: 'text' as const };
const copyInResponse = Buffer.from('G\0\0\0\x07\0\0\0', 'latin1');
const query = (sql: string): Buffer => request.query(sql);
const extended = (sql: string): Buffer =>
  Buffer.concat([request.parse('', sql), request.bind('', '', []), request.execute('', 0), request.sync()]);

describe('a strict session', () => {
  it('sends nothing before its record is on disk', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SELECT 1'));
    expect(bench.sent).toEqual([]);
    expect(bench.drafts.map(({ type }) => type)).toEqual(['statement.decided']);
    bench.settle();
    expect(bench.sent).toEqual(['Q SELECT 1']);
  });

  it('shares one record among the statements of a pipeline, and sends them in order', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([extended('SELECT 1'), extended('SELECT 2')]));
    expect(bench.sent).toEqual([]);
    bench.settle();
    expect(bench.sent).toEqual(['P SELECT 1', 'B', 'E', 'S', 'P SELECT 2', 'B', 'E', 'S']);
  });

  it('refuses a denied statement alone where nothing is open', () => {
    const bench = new Bench();
    bench.session.fromClient(query('DROP TABLE a'));
    expect(bench.told).toEqual([]);
    bench.settle();
    expect([bench.sent, bench.told]).toEqual([[], ['E 42501', 'Z I']]);
  });

  it('raises the refusal upstream in a transaction, so that both sides know it failed', () => {
    const bench = inTransaction();
    bench.session.fromClient(query('DROP TABLE a'));
    bench.settle();
    expect(bench.sent.at(-1)).toMatch(/^Q \/\* sallyport refused .* by no-drop \*\/ SELECT sallyport_refused$/);
    bench.reply(failure('42703'), ready('E'));
    expect(bench.told.slice(-2)).toEqual(['E 42501', 'Z E']);
  });

  it("passes on an earlier error of the pipeline: the refused statement was never the server's to refuse", () => {
    const bench = inTransaction();
    const both = [
      request.parse('', 'SELECT 1'),
      request.bind('', '', []),
      request.execute('', 0),
      request.parse('x', 'DROP TABLE a'),
    ];
    bench.session.fromClient(Buffer.concat([...both, request.sync()]));
    bench.settle();
    expect(bench.sent.slice(-5)).toEqual([
      'P SELECT 1',
      'B',
      'E',
      expect.stringMatching(/^P \/\* sallyport refused/) as unknown,
      'S',
    ]);
    bench.reply(failure('22012'), ready('E'));
    expect(bench.told.slice(-2)).toEqual(['E 22012', 'Z E']);
    const outcomes = bench.drafts.flatMap((draft) => (draft.type === 'statement.completed' ? [draft.data.outcome] : []));
    expect(outcomes.slice(-2)).toEqual(['skipped', 'skipped']);
  });

  it.each([
    ['58030', new LogFailed('EIO')],
    ['53100', new LogFull('ENOSPC')],
  ])('refuses with %s when the log fails, and goes on when it is well', (code, error) => {
    const bench = new Bench();
    bench.session.fromClient(query('INSERT'));
    bench.settle(error);
    expect(bench.sent.filter((message) => message === 'Q INSERT')).toEqual([]);
    bench.reply(failure('42703'), ready('I'));
    expect(bench.told).toEqual([`E ${code}`, 'Z I']);
    const lost = bench.drafts.flatMap(({ wire = [] }) => wire).filter((range) => range.lost === 'log');
    expect(lost).toEqual([{ dir: 'c', from: 0, to: query('INSERT').length, msgs: `Q${query('INSERT').length}`, lost: 'log' }]);
    bench.session.fromClient(query('SELECT 2'));
    bench.settle();
    expect(bench.sent.at(-1)).toBe('Q SELECT 2');
  });

  it('lets ROLLBACK pass while the log is broken', () => {
    const bench = inTransaction();
    bench.session.fromClient(query('ROLLBACK'));
    expect(bench.sent.at(-1)).toBe('Q ROLLBACK');
  });

  it('waits with a decision until a change of what it reads has settled, and reads the state again', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([query('SET role = x'), query('SELECT 1')]));
    bench.settle();
    expect(bench.sent).toEqual(['Q SET role = x']);
    bench.reply(done('SET'), ready('I'));
    expect(bench.sent.at(-1)).toBe('S');
    expect(bench.told).toEqual(['C SET', 'Z I']);
  });

  it('reads on from a client that is far ahead once what it sent is on its way, Sync or not', () => {
    const bench = new Bench();
    const one = [request.parse('', `SELECT ${'x'.repeat(1000)}`), request.bind('', '', []), request.execute('', 0)];
    for (let i = 0; i < 150; i++) bench.session.fromClient(Buffer.concat(one));
    expect(bench.told).toEqual(['(paused)']);
    bench.settle();
    expect(bench.told).toEqual(['(paused)', '(resumed)']);
    expect(bench.sent.length).toBeGreaterThan(300);
  });

  it('reads a stale catalog once for a statement, and decides on it however long the reading took', () => {
    const bench = new Bench();
    bench.judge.isStale = true; // and stays so: it ages faster than it can be read
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    expect([bench.refreshes, bench.sent]).toEqual([1, ['Q SELECT 1']]);
  });

  it('sees the description of every row before it passes, where there are masks', () => {
    const bench = new Bench();
    bench.judge.masking = new NoMasks();
    bench.session.fromClient(extended('SELECT 1'));
    bench.settle();
    expect(bench.sent).toEqual(['P SELECT 1', 'B', 'D', 'E', 'S']);
    bench.reply(parseComplete, bindComplete, encodeRowDescription([column]), encodeDataRow(['1']));
    expect(bench.told).toEqual(['1', '2', 'D']);
    bench.reply(done('SELECT 1'), ready('I'));
    bench.session.fromClient(query('SELECT 2'));
    bench.settle();
    bench.reply(encodeDataRow(['2']));
    expect([bench.ended, bench.told.slice(5)]).toEqual(['protocol-error', ['E 08P01']]);
  });

  it('gives the empty string an id of its own', () => {
    const bench = new Bench();
    bench.session.fromClient(query(''));
    bench.settle();
    bench.reply(encodeEmptyQueryResponse(), ready('I'));
    bench.session.fromClient(query('SELECT 1'));
    const ids = bench.drafts.flatMap((draft) => (draft.type === 'statement.decided' ? [draft.data.n] : []));
    expect(ids).toEqual([0, 1]);
  });

  it('feeds a COPY that is not the last of its string', () => {
    const bench = new Bench();
    bench.session.fromClient(query('COPY;SELECT 1'));
    bench.settle();
    bench.reply(copyInResponse);
    bench.session.fromClient(Buffer.concat([request.copyData(Buffer.from('1\n')), request.copyDone()]));
    bench.settle();
    expect(bench.sent).toEqual(['Q COPY;SELECT 1', 'd', 'c']);
    bench.reply(done('COPY 1'), done('SELECT 1'), ready('I'));
    bench.session.fromClient(query('SELECT 2'));
    bench.settle();
    expect(bench.sent.at(-1)).toBe('Q SELECT 2');
  });

  it('refuses a statement behind such a change in one pipeline', () => {
    const bench = new Bench();
    const pipeline = [
      request.parse('', 'SET x'),
      request.bind('', '', []),
      request.execute('', 0),
      request.parse('b', 'SELECT 1'),
    ];
    bench.session.fromClient(Buffer.concat([...pipeline, request.sync()]));
    bench.settle();
    expect(bench.sent.slice(0, 4)).toEqual([
      'P SET x',
      'B',
      'E',
      expect.stringMatching(/by sallyport:state-in-flight/) as unknown,
    ]);
  });

  it('ends a statement that waits for its record when it is cancelled, and never sends it', () => {
    const bench = new Bench();
    bench.session.fromClient(query('INSERT'));
    bench.session.cancel('client');
    bench.settle();
    bench.reply(failure('42703'), ready('I'));
    expect(bench.sent).not.toContain('Q INSERT');
    expect(bench.told).toEqual(['E 57014', 'Z I']);
  });

  it('ends itself when the server leaves the settings that its reading of SQL rests on', () => {
    const bench = new Bench();
    const status = Buffer.from('standard_conforming_strings\0off\0', 'latin1');
    const head = Buffer.alloc(5);
    head.write('S');
    head.writeInt32BE(4 + status.length, 1);
    bench.reply(head, status);
    expect([bench.ended, bench.told.at(-1)]).toEqual(['setting', 'E 0A000']);
  });

  it('accounts for every byte of both streams, however they are cut', () => {
    const client = Buffer.concat([query('SELECT 1'), extended('SELECT 2'), query('DROP a'), request.terminate()]);
    const server = Buffer.concat([done('SELECT 1'), ready('I')]);
    const run = (cut: number): readonly unknown[] => {
      const bench = new Bench();
      for (let at = 0; at < client.length; at += cut) {
        bench.session.fromClient(client.subarray(at, at + cut));
        bench.settle();
      }
      bench.reply(server);
      return [bench.sent, bench.told];
    };
    const whole = run(client.length);
    for (let cut = 1; cut < client.length; cut++) expect(run(cut)).toEqual(whole);
  });
});

describe('a session with secrets in it', () => {
  const secret = "ALTER ROLE r PASSWORD 'x'";
  /** Of the client's stream: what was kept, and why the rest was not. */
  const kept = (bench: Bench): unknown[] =>
    bench.drafts.flatMap(({ wire = [], parts = [] }) =>
      wire.some(({ dir }) => dir === 'c')
        ? parts.map(({ name, withheld, bytes }) => [name, withheld ?? Buffer.concat(bytes).toString()])
        : [],
    );
  const said = (...messages: readonly Buffer[]): Bench => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat(messages));
    bench.settle();
    bench.session.clientGone();
    return bench;
  };
  const text = (sql: string): string => query(sql).toString();

  it('keeps no text of a statement that holds one, and the texts around it', () => {
    expect(kept(said(query('SELECT 1'), query(secret), query("SELECT 'password'")))).toEqual([
      ['sql', text('SELECT 1')],
      ['sql', 'secret'],
      ['sql', text("SELECT 'password'")],
    ]);
  });

  it('keeps none of a prepared one', () => {
    expect(kept(said(request.parse('', secret), request.sync()))).toEqual([
      ['sql', 'secret'],
      ['wire', request.sync().toString()],
    ]);
  });

  it('keeps none that was dropped unread behind a refusal, and what was refused', () => {
    const refused = request.parse('', 'DROP a');
    expect(kept(said(refused, request.parse('', secret), request.sync()))).toEqual([
      ['sql', refused.toString()],
      ['sql', 'secret'],
      ['wire', request.sync().toString()],
    ]);
  });

  it('keeps none of which only a part has come', () => {
    expect(kept(said(query(secret).subarray(0, -3)))).toEqual([['sql', 'secret']]);
  });

  it('keeps no token that is sent once more', () => {
    const bench = said(request.password('a token'));
    expect([bench.ended, kept(bench)]).toEqual(['protocol-error', [['wire', 'secret']]]);
  });
});

describe('a session whose client does not speak the protocol', () => {
  const garbage = Buffer.from([0x16, 3, 1, 2, 0]); // a TLS hello, where there is TLS already
  const said = Buffer.concat([query('SELECT 1'), garbage]);

  it.each(Array.from({ length: said.length }, (_, at) => at))('ends, and has its bytes on record, cut at byte %i', (at) => {
    const bench = new Bench();
    for (const chunk of [said.subarray(0, at), said.subarray(at)]) bench.session.fromClient(chunk);
    expect([bench.ended, bench.told]).toEqual(['protocol-error', ['E 08P01']]);
    const ranges = bench.drafts.flatMap(({ wire = [] }) => wire.filter(({ dir }) => dir === 'c'));
    expect(ranges.map(({ from, to, msgs }) => [from, to, msgs])).toEqual([
      [0, 14, 'Q14'],
      [14, said.length, `?${garbage.length}`],
    ]);
    const unread = bench.drafts.find(({ wire }) => wire?.[0]?.msgs.startsWith('?'))?.parts;
    expect(unread?.map(({ name, bytes }) => [name, Buffer.concat(bytes)])).toEqual([['wire', garbage]]);
  });
});

describe('a buffered session', () => {
  it('asks that its record be written, not that it be on disk', () => {
    const bench = new Bench('buffered');
    bench.session.fromClient(query('SELECT 1'));
    expect(bench.unsettled).toBe(1);
    bench.settle();
    expect(bench.sent).toEqual(['Q SELECT 1']);
  });
});

function inTransaction(): Bench {
  const bench = new Bench();
  bench.session.fromClient(query('BEGIN'));
  bench.settle();
  bench.reply(done('BEGIN'), ready('T'));
  return bench;
}
