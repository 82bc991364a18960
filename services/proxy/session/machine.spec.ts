import { LogFailed } from '#event-log';
import { request } from '#pgwire';
import type { Parsed } from '#sql';
import { Bench, done, failure, ready } from './testing/bench.js';

const query = (sql: string): Buffer => request.query(sql);

/** A backend message of this type. */
function message(type: string, body: Buffer | string = ''): Buffer {
  const content = typeof body === 'string' ? Buffer.from(body, 'latin1') : body;
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + content.length, 1);
  return Buffer.concat([head, content]);
}
const copyInResponse = message('G', Buffer.from([0, 0, 1, 0, 0]));
const cell = (value: string): Buffer => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(value.length);
  return Buffer.concat([length, Buffer.from(value)]);
};
const dataRow = (...values: string[]): Buffer =>
  message('D', Buffer.concat([Buffer.from([0, values.length]), ...values.map(cell)]));
const inTransaction = (): Bench => {
  const bench = new Bench();
  bench.session.fromClient(query('BEGIN'));
  bench.settle();
  bench.reply(done('BEGIN'), ready('T'));
  return bench;
};

/** The proxy's side of a wire to the server, byte for byte. */
class Wire extends Bench {
  readonly raw: Buffer[] = [];
  override toServer(bytes: Buffer): void {
    this.raw.push(Buffer.from(bytes));
  }
  get text(): string {
    return Buffer.concat(this.raw).toString('latin1');
  }
}

/** One whose texts say COPY … FROM STDIN as the parser would. */
class CopyingBench extends Bench {
  override parse(sql: Buffer, then: (parsed: Parsed) => void): void {
    super.parse(sql, (parsed) => {
      if (parsed.kind !== 'statements') return;
      const act = { kind: 'copy', direction: 'from', end: 'client', query: false } as const;
      then({ ...parsed, statements: parsed.statements.map((one) => (one.verb.startsWith('COPY') ? { ...one, act } : one)) });
    });
  }
}

describe('a client that breaks the protocol', () => {
  it('ends its own session with 08P01 when a message is malformed, and throws nothing into the process', () => {
    const bench = new Bench();
    const broken = message('B', Buffer.from([0, 0, 0, 5]));
    expect(() => {
      bench.session.fromClient(broken);
    }).not.toThrow();
    expect([bench.ended, bench.told.at(-1)]).toEqual(['protocol-error', 'E 08P01']);
  });

  it('is told so when it sends a message that has no place there, and what it sent is on record', () => {
    const bench = new Bench();
    bench.session.fromClient(request.password('x'));
    expect([bench.ended, bench.told]).toEqual(['protocol-error', ['E 08P01']]);
    expect(bench.drafts.flatMap(({ wire = [] }) => wire)).toContainEqual({ dir: 'c', from: 0, to: 7, msgs: 'p7' });
  });
});

describe('COPY data that does not wait to be asked for', () => {
  it('never reaches the server as anything but a whole CopyData message', () => {
    const wire = new Wire();
    const smuggled = Buffer.concat([request.copyDone(), query('DELETE EVERYTHING')]);
    const data = message('d', Buffer.concat([Buffer.from('1\n'), smuggled, Buffer.from('xxxx')]));
    const cut = 7;
    wire.session.fromClient(Buffer.concat([query('COPY item FROM STDIN'), data.subarray(0, cut)]));
    wire.settle();
    wire.reply(copyInResponse);
    wire.session.fromClient(data.subarray(cut));
    const sent = wire.text.slice(query('COPY item FROM STDIN').length);
    expect(sent === '' || sent.startsWith('d')).toBe(true);
  });

  it('never leaves half of a message with a server whose COPY failed under it', () => {
    const wire = new Wire();
    wire.session.fromClient(query('COPY item FROM STDIN'));
    wire.settle();
    wire.reply(copyInResponse);
    const data = message('d', 'x'.repeat(100));
    wire.session.fromClient(data.subarray(0, 50));
    wire.reply(failure('22P02'), ready('I'));
    wire.session.fromClient(Buffer.concat([data.subarray(50), request.copyDone()]));
    wire.session.fromClient(query('SELECT 1'));
    wire.settle();
    // A server that has seen the head of a CopyData takes what follows for its data: so it has seen none of it.
    expect(wire.text).toBe(`${query('COPY item FROM STDIN').toString('latin1')}${query('SELECT 1').toString('latin1')}`);
  });
});

describe('a refused extended statement in autocommit', () => {
  it('is answered with an error and its Sync with ReadyForQuery', () => {
    const bench = new Bench();
    const all = [request.parse('', 'DROP a'), request.bind('', '', []), request.execute('', 0), request.sync()];
    bench.session.fromClient(Buffer.concat(all));
    bench.settle();
    expect(bench.told).toEqual(['E 42501', 'Z I']);
  });
});

describe('a failing log', () => {
  it('leaves a session in step whose COPY FROM of the extended protocol it could not record', () => {
    const bench = new CopyingBench();
    const parts = [request.parse('', 'COPY item FROM STDIN'), request.bind('', '', []), request.execute('', 0), request.sync()];
    bench.session.fromClient(Buffer.concat(parts));
    bench.settle(new LogFailed('EIO'));
    bench.settle(new LogFailed('EIO'));
    bench.reply(failure('42703'));
    bench.settle();
    expect(bench.sent.at(-1)).toBe('S');
  });

  it('lets a ROLLBACK of the extended protocol pass', () => {
    const bench = inTransaction();
    bench.session.fromClient(
      Buffer.concat([request.parse('', 'ROLLBACK'), request.bind('', '', []), request.execute('', 0), request.sync()]),
    );
    bench.settle(new LogFailed('EIO'));
    bench.settle(new LogFailed('EIO'));
    expect(bench.sent.slice(1)).toEqual(['P ROLLBACK', 'B', 'E', 'S']);
  });
});

describe('the names that a session knows', () => {
  it('keep a portal that is on its way when an earlier statement ends', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    bench.session.fromClient(Buffer.concat([request.parse('', 'SELECT 2'), request.bind('', '', [])]));
    bench.reply(done('SELECT 1'), ready('I'));
    bench.session.fromClient(Buffer.concat([request.execute('', 0), request.sync()]));
    bench.settle();
    expect(bench.sent.slice(1)).toEqual(['P SELECT 2', 'B', 'E', 'S']);
  });

  it('are as before after two redefinitions of one name failed in one pipeline', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([request.parse('n', 'SELECT 1'), request.sync()]));
    bench.settle();
    bench.reply(message('1'), ready('I'));
    bench.session.fromClient(Buffer.concat([request.parse('n', 'SELECT 2'), request.parse('n', 'SELECT 3'), request.sync()]));
    bench.settle();
    bench.reply(failure('42P05'), ready('I'));
    bench.session.fromClient(Buffer.concat([request.bind('', 'n', []), request.execute('', 0), request.sync()]));
    bench.settle();
    expect(bench.sent.slice(-3)).toEqual(['B', 'E', 'S']);
  });

  it('are waited for by a Bind of an EXECUTE, which would run what a redefinition that failed left in their place', () => {
    const bench = new Bench();
    for (const prepare of [request.parse('n', 'SELECT 1'), request.parse('e', 'EXECUTE n')]) {
      bench.session.fromClient(Buffer.concat([prepare, request.sync()]));
      bench.settle();
      bench.reply(message('1'), ready('I'));
    }
    bench.session.fromClient(
      Buffer.concat([
        request.parse('n', 'SELECT 2'),
        request.sync(),
        request.bind('', 'e', []),
        request.execute('', 0),
        request.sync(),
      ]),
    );
    bench.settle();
    expect(bench.sent.slice(-2)).toEqual(['P SELECT 2', 'S']);
    bench.reply(failure('42P05'), ready('I'));
    bench.settle();
    expect(bench.sent.slice(-3)).toEqual(['B', 'E', 'S']);
  });

  it('do not lose a statement whose Close was skipped behind an error', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([request.parse('n', 'SELECT 1'), request.sync()]));
    bench.settle();
    bench.reply(message('1'), ready('I'));
    bench.session.fromClient(
      Buffer.concat([request.parse('m', 'WRONG'), request.close({ of: 'statement', name: 'n' }), request.sync()]),
    );
    bench.settle();
    bench.reply(failure('42601'), ready('I'));
    bench.session.fromClient(Buffer.concat([request.bind('', 'n', []), request.sync()]));
    bench.settle();
    expect(bench.sent.slice(-2)).toEqual(['B', 'S']);
  });
});

describe('a Query that the server skips because of an earlier error', () => {
  it('does not put the session out of step', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([request.parse('', 'WRONG'), request.flush()]));
    bench.settle();
    bench.reply(failure('42703'));
    bench.session.fromClient(Buffer.concat([query('SELECT 1'), request.sync()]));
    bench.settle();
    bench.reply(ready('I')); // for the Sync: in between everything is skipped
    bench.session.fromClient(query('SET x'));
    bench.settle();
    bench.reply(done('SET'), ready('I'));
    // The state is read again after a SET once the server owes nothing.
    expect(bench.sent.at(-1)).toBe('S');
  });
});

describe("the proxy's own question about the state", () => {
  it('is understood when its rows arrive in two chunks', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SET x'));
    bench.settle();
    bench.reply(done('SET'), ready('I'));
    const rows = Buffer.concat([dataRow('none'), dataRow('r'), dataRow('public')]);
    bench.reply(message('T', Buffer.from([0, 0])), rows.subarray(0, 20));
    bench.reply(rows.subarray(20), done('SHOW'), ready('I'));
    expect(bench.ended).toBeUndefined();
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    expect(bench.sent.at(-1)).toBe('Q SELECT 1');
  });

  it('is asked again when a cancel hits it: the session goes on', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SET x'));
    bench.settle();
    bench.reply(done('SET'), ready('I'));
    bench.session.cancel('client');
    bench.reply(failure('57014'), ready('I'));
    expect(bench.ended).toBeUndefined();
  });
});

describe('a session that ended', () => {
  it('records nothing behind its end, whatever was still waiting for the log', () => {
    const bench = new Bench();
    bench.session.fromClient(query('DROP a'));
    bench.session.clientGone();
    const before = bench.drafts.length;
    bench.settle();
    expect(bench.drafts.slice(before).map(({ type }) => type)).toEqual([]);
  });

  it('says of each statement that was decided how it ended, the ones never sent included', () => {
    const bench = new Bench();
    bench.session.fromClient(query('INSERT'));
    bench.session.clientGone();
    bench.settle();
    expect(bench.drafts.map(({ type }) => type)).toContain('statement.completed');
  });
});

describe('a client that is never read from and never reads', () => {
  it('is not decided without bound while the log is slow', () => {
    const bench = new Bench();
    const one = query(`SELECT '${'x'.repeat(10_000)}'`);
    for (let i = 0; i < 200; i++) bench.session.fromClient(one);
    expect(bench.told).toContain('(paused)');
  });
});
