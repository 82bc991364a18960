import { serialize as frontend } from 'pg-protocol';
import { MalformedRecording, type Recorded, readMessages } from './stream.js';
import { backend } from './testing/backend.js';
import { c, lost, s, Script } from './testing/script.js';

const nothingOpen = { c: null, s: null };
const last = (script: Script): Recorded => script.recorded.at(-1) as Recorded;
const shown = (script: Script): unknown[] =>
  readMessages(nothingOpen, last(script)).messages.map(({ dir, type, length, count, frame }) => [
    `${dir}${type}${length}*${count}`,
    frame instanceof Uint8Array ? Buffer.from(frame).subarray(5).toString() : frame.why,
  ]);

const bind = frontend.bind({ values: ['1'] });
const both = (script: Script): Script =>
  script.passed(
    c(frontend.parse({ text: 'x' }), bind, frontend.sync()),
    s(backend.row('a'), backend.row('b'), backend.row('cc'), backend.ready('I')),
    c(frontend.query('y')),
  );

describe('the messages of an event', () => {
  it('take their bytes from the part of their kind, over all ranges in order', () => {
    expect(shown(both(new Script()))).toEqual([
      ['cP10*1', '\0x\0\0\0'],
      [`cB${bind.length}*1`, bind.subarray(5).toString()],
      ['cS5*1', ''],
      ['sD12*1', '\0\u0001\0\0\0\u0001a'],
      ['sD12*1', '\0\u0001\0\0\0\u0001b'],
      ['sD13*1', '\0\u0001\0\0\0\u0002cc'],
      ['sZ6*1', 'I'],
      ['cQ7*1', 'y\0'],
    ]);
  });

  it('are listed without content where it was withheld, erased or lost', () => {
    expect(shown(both(new Script().withholding({ rows: 'cap', params: 'policy' })))).toMatchObject([
      {},
      [`cB${bind.length}*1`, 'policy'],
      {},
      ['sD12*2', 'cap'],
      ['sD13*1', 'cap'],
      ['sZ6*1', 'I'],
      {},
    ]);
    const { event } = last(new Script().passed(s(backend.row('a'))));
    expect(readMessages(nothingOpen, { event, parts: new Map() }).messages).toMatchObject([
      { type: 'D', frame: { why: 'erased' } },
    ]);
    expect(shown(new Script().passed(lost(s(backend.ready('I')))))).toEqual([['sZ6*1', 'log']]);
  });

  it.each([
    [
      'parts that are longer than their ranges',
      (event: object) => ({ ...event, wire: [{ dir: 's', from: 0, msgs: 'Z6', to: 6 }] }),
    ],
    [
      'a message begun beyond its range',
      (event: object) => ({ ...event, wire: [{ dir: 's', from: 0, msgs: 'D12*9 Z6', to: 18 }] }),
    ],
    ['bytes that no message accounts for', (event: object) => ({ ...event, wire: [{ dir: 's', from: 0, msgs: 'D12', to: 18 }] })],
    [
      'the rest of a message that never began',
      (event: object) => ({ ...event, wire: [{ dir: 's', from: 0, msgs: '+12', to: 12 }] }),
    ],
    ['messages without their part', (event: object) => ({ ...event, parts: [] })],
  ])('refuses %s', (_, change) => {
    const recorded = last(new Script().passed(s(backend.row('a'), backend.ready('I'))));
    const event = change(recorded.event) as Recorded['event'];
    expect(() => readMessages(nothingOpen, { ...recorded, event })).toThrow(MalformedRecording);
  });

  it('stay open when their sender left in the middle', () => {
    const script = new Script().passed(c(frontend.query('SELECT').subarray(0, 8)));
    expect(readMessages(nothingOpen, last(script))).toEqual({
      messages: [],
      open: {
        c: { type: 'Q', length: 12, have: 8, pieces: [Buffer.from('Q\0\0\0\u000bSEL').toString('base64')], absent: null },
        s: null,
      },
    });
  });
});
