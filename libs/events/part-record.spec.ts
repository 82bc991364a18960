import { decodePartRecord, encodePartRecord, MalformedPart, type PartHeader } from '#events';

const header: PartHeader = { producer: '6f1d2c3b-4a59-4e68-9c77-0123456789ab', pseq: 7, name: 'sql', i: 0, n: 1 };
const salt = Buffer.alloc(32, 9);

describe('a part record', () => {
  it('gives back its header, its salt and its bytes', () => {
    const bytes = Buffer.from([0, 255, 10, 10]);
    expect(decodePartRecord(encodePartRecord(header, salt, bytes))).toEqual({ header, salt, bytes });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a header cut short', encodePartRecord(header, salt, Buffer.alloc(0)).subarray(0, 40)],
    ['a header that is no JSON', Buffer.concat([Buffer.from([0, 1]), Buffer.from('x'), salt])],
    ['a header of another kind', Buffer.concat([Buffer.from([0, 2]), Buffer.from('{}'), salt])],
  ])('is refused when it is %s', (_, record) => {
    expect(() => decodePartRecord(record)).toThrow(MalformedPart);
  });
});
