import { serialize, parseEvent } from '#events';
import { captured } from '../testing/captured.js';
import { sessions, sql } from '../testing/written-log.js';
import { contentOf } from './inline.js';

const lines = (out: string): string[] => out.trimEnd().split('\n');
const json = (out: string): Record<string, unknown>[] => lines(out).map((line) => JSON.parse(line) as Record<string, unknown>);

describe('log cat', () => {
  it('prints one line an event, in the order of the log', async () => {
    const { code, out } = await captured('log', 'cat');
    expect(code).toBe(0);
    expect(lines(out)).toHaveLength(17);
    expect(lines(out)[4]).toMatch(/^2025-01-02T03:04:\S+ 01936f00-0000-7000-8000-000000000001 #3 statement\.decided /);
    expect(lines(out)[4]).toContain(' sql="SELECT name, ssn FROM people\\n-- \\u001b[31mred" c[0,46) Q46');
    expect(lines(out)[6]).toContain(' sql=<23 bytes, withheld:policy> ');
  });

  it('inlines SQL as its text, the rest as text or base64, and says what was withheld', async () => {
    const { out } = await captured('log', 'cat', '--json', '--session', '01936f00');
    const events = json(out);
    expect(events.map(({ session, seq }) => [session, seq])).toEqual(Array.from({ length: 8 }, (_, seq) => [sessions[0], seq]));
    const commit = expect.any(String) as unknown;
    expect(events[3]?.['parts']).toEqual([{ alg: 'sha256-salted', commit, len: 46, name: 'sql', sql }]);
    expect(events[4]?.['parts']).toEqual([
      { alg: 'sha256-salted', commit, len: 42, name: 'rows', text: expect.stringContaining('Ada') as unknown },
      { alg: 'sha256-salted', commit, len: 72, name: 'wire', base64: expect.any(String) as unknown },
    ]);
    expect(events[5]?.['parts']).toEqual([{ alg: 'sha256-salted', commit, len: 23, name: 'sql', withheld: 'policy' }]);
  });

  it('gives the exact bytes of every event', async () => {
    const { out } = await captured('log', 'cat', '--raw');
    for (const line of lines(out)) expect(serialize(parseEvent(Buffer.from(line)))).toBe(line);
  });

  it('starts at an offset, and only reads the topics that it is told to', async () => {
    const all = lines((await captured('log', 'cat', '--raw')).out);
    expect(lines((await captured('log', 'cat', '--raw', '--since-offset', '10')).out)).toEqual(all.slice(10));
    expect(await captured('log', 'cat', '--topic', 'control')).toEqual({ code: 0, out: '', err: '' });
  });

  it.each([
    [3, ['--session', 'ffff'], 'There is no session ffff: no id of 3 begins so.\nSee `sallyport sessions`.\n'],
    [
      2,
      ['--session', '01936f'],
      `01936f is not one session: 2 sessions begin so (${sessions.join(', ')}).\nGive more of the id.\n`,
    ],
    [3, ['--session', '01936f00-0000-7000-8000-00000000ffff'], 'is not there: none of its events is in'],
    [3, ['--since-offset', '99'], 'The log does not hold what was asked for: '],
    [2, ['--since-offset', '1', '--topic', 'events', 'control'], '--since-offset needs one topic: each of several'],
    [2, ['--topic', 'nope'], 'There is no such topic. Topics: events, control,'],
    [2, ['--raw', '--json'], 'cannot be used with option'],
    [2, ['--since-offset', 'x'], 'It is not a whole number from 0 up.'],
  ])('ends with %i and says why: %j', async (code, args, why) => {
    const { code: ended, out, err } = await captured('log', 'cat', ...args);
    expect({ ended, out }).toEqual({ ended: code, out: '' });
    expect(err).toContain(why);
  });
});

describe('the content of a part', () => {
  const query = Buffer.from('Q\0\0\0\x06a\0');
  const parse = Buffer.from('P\0\0\0\x0aname\0b\0\0\0'.replace('\x0a', '\x0d'));

  it('is the SQL of each frame, or the bytes where a frame is cut', () => {
    expect(contentOf('sql', query)).toEqual({ sql: 'a' });
    expect(contentOf('sql', Buffer.concat([query, parse]))).toEqual({ sql: ['a', 'b'] });
    expect(contentOf('sql', query.subarray(0, 6))).toEqual({ text: 'Q\0\0\0\x06a' });
    expect(contentOf('sql', Buffer.from('Q\0\0\0\x06\xff\0', 'latin1'))).toEqual({ base64: 'UQAAAAb/AA==' });
  });

  it('is text where it is UTF-8, with its byte order mark, and base64 where it is not', () => {
    expect(contentOf('rows', Buffer.from('\ufeffä'))).toEqual({ text: '\ufeffä' });
    expect(contentOf('params', Buffer.from([0xc3]))).toEqual({ base64: 'ww==' });
  });
});
