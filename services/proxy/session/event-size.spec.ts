import { request } from '#pgwire';
import { Bench, done, failure, ready } from './testing/bench.js';

const query = (sql: string): Buffer => request.query(sql);
function message(type: string, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
}
const run = (portal: string): Buffer[] => [request.bind(portal, '', []), request.execute(portal, 0), request.sync()];

const tooLong: [string, Buffer[]][] = [
  ['3,000 statements in one string', [query(Array.from({ length: 3_000 }, () => 'SELECT 1').join(';'))]],
  [
    '65,535 parameter types',
    [
      request.parse(
        '',
        'SELECT 1',
        Array.from({ length: 65_535 }, () => 1043),
      ),
      ...run(''),
    ],
  ],
  ['a statement name of 300 kB', [message('P', Buffer.from(`${'n'.repeat(300_000)}\0SELECT 1\0\0\0`)), ...run('')]],
  ['a portal name of 300 kB', [request.parse('', 'SELECT 1'), ...run('p'.repeat(300_000))]],
  ['an unknown statement name of 300 kB', [request.bind('', 's'.repeat(300_000), []), request.sync()]],
];

describe('a statement whose record no event has room for', () => {
  it.each(tooLong)('is refused with nothing of it sent, and the next one runs: %s', (_, messages) => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat(messages));
    bench.settle();
    if (bench.sent.includes('S')) bench.reply(message('1'), failure('42703'), ready('I'));
    expect(bench.told.slice(-2)).toEqual([expect.stringMatching(/^E (54000|26000)$/), 'Z I']);
    expect(bench.sent.filter((sent) => /^(Q|B|E|P SELECT 1)$/.test(sent)).slice(1)).toEqual([]);
    bench.session.fromClient(query('SELECT 2'));
    bench.settle();
    expect([bench.sent.at(-1), bench.ended]).toEqual(['Q SELECT 2', undefined]);
  });

  it.each(tooLong)('fails its transaction on both sides: %s', (_, messages) => {
    const bench = new Bench();
    bench.session.fromClient(query('BEGIN'));
    bench.settle();
    bench.reply(done('BEGIN'), ready('T'));
    bench.session.fromClient(Buffer.concat(messages));
    bench.settle();
    if (bench.sent.includes('P SELECT 1')) bench.reply(message('1'));
    bench.reply(failure('42703'), ready('E'));
    expect(bench.told.slice(-2)).toEqual([expect.stringMatching(/^E (54000|26000)$/), 'Z E']);
  });
});

describe('many small messages', () => {
  const small = Array.from({ length: 45_000 }, (_, i) => [request.flush(), request.parse('', 'x'.repeat(i % 50))]).flat();

  it('are on record when they are dropped behind a refusal and no Sync comes', () => {
    const bench = new Bench();
    bench.session.fromClient(Buffer.concat([request.parse('', 'DROP a'), ...small]));
    bench.settle();
    bench.session.clientGone();
    expect(accountedFor(bench)).toBe(Buffer.concat([request.parse('', 'DROP a'), ...small]).length);
  });

  it('are on record when their client hangs up while they wait', () => {
    const bench = new Bench();
    const before = [query('SET x'), query('SELECT 1')]; // waits for the SET
    bench.session.fromClient(Buffer.concat([...before, ...small]));
    bench.settle();
    bench.session.clientGone();
    expect(accountedFor(bench)).toBe(Buffer.concat([...before, ...small]).length);
  });

  it('are on record when the server sends them in one chunk', () => {
    const bench = new Bench();
    bench.session.fromClient(query('SELECT 1'));
    bench.settle();
    bench.reply(...Array.from({ length: 90_000 }, (_, i) => message('N', Buffer.alloc(i % 50))));
    bench.session.tick('linger');
    expect(bench.ended).toBeUndefined();
  });
});

const accountedFor = (bench: Bench): number =>
  Math.max(0, ...bench.drafts.flatMap(({ wire = [] }) => wire.flatMap(({ dir, to }) => (dir === 'c' ? to : []))));
