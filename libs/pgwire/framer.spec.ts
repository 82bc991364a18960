import {
  encodeCommandComplete,
  encodeDataRow,
  encodeReadyForQuery,
  FrameTooLong,
  Framer,
  MalformedFrame,
  request,
} from '#pgwire';
import type { FramerOptions, Piece } from '#pgwire';

const never = (): boolean => false;
const always = (): boolean => true;
const options = (change: Partial<FramerOptions> = {}): FramerOptions => ({
  direction: 'backend',
  maxFrame: 1_000,
  whole: (type) => type !== 'D',
  ...change,
});

interface Seen {
  readonly type: string;
  readonly length: number;
  readonly bytes: string;
}

/** Messages as they were delivered, pieces put together; a piece that has no place among the others is an error. */
function messages(framer: Framer, chunks: readonly Buffer[]): Seen[] {
  const seen: Seen[] = [];
  const follows: Record<Piece, readonly (Piece | undefined)[]> = {
    whole: [undefined, 'whole', 'last'],
    first: [undefined, 'whole', 'last'],
    middle: ['first', 'middle'],
    last: ['first', 'middle'],
  };
  let before: Piece | undefined;
  let pieces = '';
  for (const chunk of chunks)
    framer.push(chunk, ({ type, length, piece, bytes }) => {
      if (!follows[piece].includes(before)) throw new Error(`${piece} after ${before ?? 'nothing'}`);
      before = piece;
      pieces += bytes.toString('hex');
      if (piece !== 'whole' && piece !== 'last') return;
      seen.push({ type, length, bytes: pieces });
      pieces = '';
    });
  return seen;
}

const stream = Buffer.concat([
  encodeDataRow(['1', null, 'three']),
  encodeDataRow([]),
  encodeDataRow(['x'.repeat(40)]),
  encodeCommandComplete('SELECT 3'),
  Buffer.from('3\0\0\0\x04', 'latin1'),
  encodeReadyForQuery('I'),
]);
const expected = [
  encodeDataRow(['1', null, 'three']),
  encodeDataRow([]),
  encodeDataRow(['x'.repeat(40)]),
  encodeCommandComplete('SELECT 3'),
  Buffer.from('3\0\0\0\x04', 'latin1'),
  encodeReadyForQuery('I'),
].map((bytes) => ({ type: bytes.toString('latin1', 0, 1), length: bytes.length, bytes: bytes.toString('hex') }));

const cuts = Array.from({ length: stream.length + 1 }, (_, at) => at);

describe('Framer', () => {
  it.each(cuts)('finds the same messages when the stream is cut at byte %i', (at) => {
    const chunks = [stream.subarray(0, at), stream.subarray(at)];
    for (const whole of [never, always, options().whole])
      expect(messages(new Framer(options({ whole })), chunks)).toEqual(expected);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 11])('finds the same messages in chunks of %i bytes', (size) => {
    const chunks = cuts.filter((at) => at % size === 0).map((at) => stream.subarray(at, at + size));
    for (const whole of [never, always, options().whole])
      expect(messages(new Framer(options({ whole })), chunks)).toEqual(expected);
  });

  it('delivers a message that lies whole in its chunk as a range of that chunk', () => {
    const ranges: [string, number, number][] = [];
    new Framer(options()).push(stream, (frame) => {
      expect(frame.chunk).toBe(stream);
      ranges.push([frame.type, frame.from, frame.to]);
    });
    expect(ranges.at(-1)).toEqual(['Z', stream.length - 6, stream.length]);
  });

  it('delivers a message to be held whole in one frame, whatever the cut', () => {
    const pieces: Piece[] = [];
    const framer = new Framer(options({ whole: always }));
    for (const byte of stream) framer.push(Buffer.from([byte]), ({ piece }) => pieces.push(piece));
    expect(new Set(pieces)).toEqual(new Set(['whole']));
  });

  it('passes on what it does not hold as it arrives, however long the message', () => {
    const long = encodeDataRow(['x'.repeat(5_000)]);
    const pieces: [Piece, number][] = [];
    const framer = new Framer(options());
    for (let at = 0; at < long.length; at += 2_000)
      framer.push(long.subarray(at, at + 2_000), ({ piece, from, to }) => pieces.push([piece, to - from]));
    expect(pieces).toEqual([
      ['first', 2_000],
      ['middle', 2_000],
      ['last', long.length - 4_000],
    ]);
    expect(framer.incomplete).toBeUndefined();
  });

  it('tells what it holds of a message that has not all arrived', () => {
    const held = new Framer(options());
    held.push(Buffer.concat([encodeReadyForQuery('I'), encodeCommandComplete('BEGIN').subarray(0, 7)]), () => undefined);
    expect(held.incomplete).toEqual({ type: 'C', length: 11, held: Buffer.from('C\0\0\0\x0aBE', 'latin1') });

    const passed = new Framer(options());
    passed.push(stream.subarray(0, 9), () => undefined);
    expect(passed.incomplete).toEqual({ type: 'D', length: expected[0]?.length, held: Buffer.alloc(0) });

    const header = new Framer(options());
    header.push(stream.subarray(0, 3), () => undefined);
    expect(header.incomplete).toEqual({ type: 'D', held: stream.subarray(0, 3) });
  });

  it('refuses a message that is too long to be held before any of it is taken', () => {
    const header = Buffer.from('C\x7f\xff\xff\xff', 'latin1');
    expect(() => messages(new Framer(options()), [header])).toThrow(new FrameTooLong('C', 2 ** 31, 1_000));
    expect(() => messages(new Framer(options()), [header.subarray(0, 2), header.subarray(2)])).toThrow(FrameTooLong);
  });

  it('takes no memory for bytes that were only announced', () => {
    const framer = new Framer(options({ maxFrame: 2 ** 31, whole: always }));
    framer.push(Buffer.from('C\x7f\xff\xff\xffSELECT', 'latin1'), () => undefined);
    expect(framer.incomplete?.held.buffer.byteLength).toBeLessThan(64 * 1024);
  });

  it('refuses a message that is too long in the same way when it lies whole in its chunk', () => {
    const long = encodeCommandComplete('x'.repeat(2_000));
    expect(() => messages(new Framer(options()), [long])).toThrow(new FrameTooLong('C', long.length, 1_000));
  });

  it.each(['D\0\0\0\x03', 'D\0\0\0\0', 'D\xff\xff\xff\xff', 'C\x80\0\0\0'])('refuses the length of %j', (header) => {
    expect(() => messages(new Framer(options()), [Buffer.from(header, 'latin1')])).toThrow(MalformedFrame);
  });

  it('refuses types that the sender cannot send', () => {
    const query = request.query('SELECT 1');
    const ready = encodeReadyForQuery('I');
    expect(() => messages(new Framer(options({ direction: 'backend' })), [query])).toThrow('no message begins with byte 0x51');
    expect(() => messages(new Framer(options({ direction: 'frontend' })), [ready])).toThrow('no message begins with byte 0x5a');
  });

  it('delivers what came before a defect, and nothing after it', () => {
    const framer = new Framer(options());
    const types: string[] = [];
    const push = (chunk: Buffer): void => {
      framer.push(chunk, ({ type }) => types.push(type));
    };
    expect(() => {
      push(Buffer.concat([encodeReadyForQuery('I'), Buffer.from('?????')]));
    }).toThrow(MalformedFrame);
    expect(() => {
      push(encodeReadyForQuery('I'));
    }).toThrow(MalformedFrame);
    expect(types).toEqual(['Z']);
  });

  it.each(Array.from({ length: 12 }, (_, at) => at))('keeps what it could not read of a stream cut at byte %i', (at) => {
    const framer = new Framer(options());
    const stream = Buffer.concat([encodeReadyForQuery('I'), Buffer.from('?????')]);
    expect(framer.unread).toHaveLength(0);
    const refused = [stream.subarray(0, at), stream.subarray(at)].map((chunk) => {
      try {
        framer.push(chunk, () => undefined);
        return undefined;
      } catch (violation) {
        return violation;
      }
    });
    expect(refused.at(-1)).toBeInstanceOf(MalformedFrame);
    expect([framer.unread.toString(), framer.incomplete]).toEqual(['?????', undefined]);
  });
});
