import { sqlTextOf } from './sql-text.js';

const record = (bytes: Buffer, i = 0, n = 1) => ({
  header: { i, n, name: 'sql' as const, producer: '019c0000-0000-7000-8000-0000000000aa', pseq: 1 },
  salt: Buffer.alloc(32),
  bytes,
});
const frame = (type: string, ...fields: string[]): Buffer => {
  const body = Buffer.from(fields.join(''), 'utf8');
  const head = Buffer.from(`${type}\0\0\0\0`, 'latin1');
  head.writeUInt32BE(4 + body.length, 1);
  return Buffer.concat([head, body]);
};

describe('the text of a part sql', () => {
  it.each([
    ['a Query', frame('Q', 'SELECT 1\0'), 'SELECT 1'],
    ['a Parse of the unnamed statement', frame('P', '\0', 'SELECT $1\0', '\0\u0001\0\0\0\u0017'), 'SELECT $1'],
    ['a Parse of a named statement', frame('P', 'by_id\0', 'SELECT $1\0', '\0\0'), 'SELECT $1'],
    ['bare text that begins like a frame', Buffer.from('PREPARE a AS SELECT 1'), 'PREPARE a AS SELECT 1'],
  ])('is what stands in %s', (_, bytes, text) => {
    expect(sqlTextOf(record(bytes))).toBe(text);
  });

  it('goes on in the later chunks', () => {
    const whole = frame('Q', 'SELECT 12345\0');
    const chunks = [whole.subarray(0, 9), whole.subarray(9)].map((bytes, i) => sqlTextOf(record(bytes, i, 2)));
    expect(chunks).toEqual(['SELE', 'CT 12345']);
  });

  it('is absent where the part was not kept', () => {
    expect(sqlTextOf(record(Buffer.alloc(0), 0, 0))).toBeNull();
  });
});
