import { Readable, Writable } from 'node:stream';
import pc from 'picocolors';
import { steps } from '#replay';
import { MemoryLog } from '#event-log';
import { LogSessions } from '../session/log-sessions.js';
import { captured } from '../testing/captured.js';
import { sessions, writeSessions } from '../testing/written-log.js';
import { play } from './interactive.js';
import { keysOf } from './keys.js';
import { resultLines } from './lines.js';
import { atStart, type Player, press, type Tape } from './player.js';
import { screen } from './screen.js';

const plain = pc.createColors(false);

describe('replay', () => {
  it('prints every step with decision, SQL, rows and state where there is no terminal', async () => {
    const { code, out } = await captured('replay', '01936f00');
    expect(code).toBe(0);
    expect(out.split('\n\n')).toHaveLength(9);
    expect(out).toContain('decision   deny by no-drops statement 2, policy aaaaaaaaaaaa, strict\n');
    expect(out).toContain('sql        SELECT name, ssn FROM people\n           -- \\x1b[31mred\n');
    expect(out).toContain('  name  ssn [redact]\n  Ada   ▒ ***\n  Bob   ▒ ***\n');
    expect(out).not.toContain('\u001b');
  });

  it('gives one step, or those up to one, as JSON', async () => {
    const one = JSON.parse((await captured('replay', '01936f00', '--seq', '4', '--json')).out) as object;
    expect(one).toMatchObject({
      seq: 4,
      type: 'statement.completed',
      hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
      results: [
        {
          n: 1,
          rows: [
            ['Ada', '***'],
            ['Bob', '***'],
          ],
          columns: [{ mask: null }, { mask: 'redact' }],
        },
      ],
      state: { transaction: { status: 'I' }, handed: { rows: 2 } },
    });
    expect((await captured('replay', '01936f00', '--to', '2', '--json')).out.trimEnd().split('\n')).toHaveLength(3);
  });

  it.each([
    [3, ['ffff'], 'There is no session ffff'],
    [3, ['01936f00', '--seq', '99'], 'There is no step 99: the session has the steps 0 to 7.'],
    [2, ['01936f00', '--seq', 'x'], 'It is not a step'],
    [2, [], "missing required argument 'session'"],
  ])('ends with %i and says why: %j', async (code, args, why) => {
    const { code: ended, err } = await captured('replay', ...args);
    expect(ended).toBe(code);
    expect(err).toContain(why);
  });
});

describe('the player', () => {
  const texts = ['open', 'select', 'drop', 'close'];
  const tape: Tape = { length: 4, indexOf: (seq) => (seq < 4 ? seq : -1), holds: (i, text) => (texts[i] ?? '').includes(text) };
  const after = (...sent: string[]): Player => sent.flatMap(keysOf).reduce((player, key) => press(player, key, tape), atStart);

  it.each([
    [['\u001b[C', '\u001b[C'], { at: 2 }],
    [['\u001b[D'], { at: 0, note: 'This is the first step.' }],
    [['\u001b[F', 'l'], { at: 3, note: 'This is the last step.' }],
    [['g3\r'], { at: 3, mode: 'view' }],
    [['g12\u007f\r'], { at: 1 }],
    [['g99\r'], { at: 0, note: 'There is no step 99.' }],
    [['/o\r', 'n'], { at: 3 }],
    [['/select\r', 'n'], { at: 1, note: 'From the start again.' }],
    [['/nope\r'], { at: 0, note: 'No step holds nope.' }],
    [['/q', '\u001b'], { at: 0, mode: 'view', done: false }],
    [['h', 'x'], { mode: 'view', at: 0 }],
    [['jjk'], { scroll: 1 }],
    [['q'], { done: true }],
    [['/\u0003'], { done: true }],
    [['\u001b[200~\u0000'], { ...atStart }],
  ])('takes %j', (sent, expected) => {
    expect(after(...sent)).toMatchObject(expected);
  });
});

describe('the screen', () => {
  const lines = Array.from({ length: 10 }, (_, i) => `line ${i}`);

  it('is as high as the terminal, and says that there is more', () => {
    expect(screen({ ...atStart, scroll: 3 }, lines, 7, 6, plain)).toEqual([
      ...['line 3', 'line 4', 'line 5', 'line 6', '… 3 more lines below'],
      ' 1 of 7  ← → step  g go to  / search  h help  q quit',
    ]);
    expect(screen(atStart, ['one'], 7, 5, plain)).toHaveLength(5);
  });

  it('fits the smallest terminal', () => {
    for (const rows of [1, 2, 3]) expect(screen(atStart, lines, 7, rows, plain).length).toBeLessThanOrEqual(Math.max(2, rows));
  });
});

describe('rows', () => {
  it('mark what was masked, and show bytes, NULL and controls for what they are', () => {
    const columns = [
      { name: 'a', type: 17, mask: null },
      { name: 'b', type: 25, mask: 'null' },
    ];
    const rows = [
      [{ hex: '00ff' }, null],
      ['x\u001b[2J\n', '\u202e'],
    ];
    expect(resultLines({ n: 3, columns, masking: 'known', rows, absent: [{ count: 5, why: 'cap' }] }, plain)).toEqual([
      'rows       statement 3: 7 rows handed over',
      '  a           b [null]',
      '  \\x00ff      ▒ NULL',
      '  x\\x1b[2J\\n  ▒ \\u202e',
      '  5 rows not kept: cap',
    ]);
  });
});

describe('in a terminal', () => {
  it('steps at each key and leaves the terminal as it was', async () => {
    const log = new MemoryLog();
    await writeSessions(log);
    const all = [...steps(await new LogSessions(log.reader()).events(sessions[0]))];
    const raw: boolean[] = [];
    const sent = Readable.from(['\u001b[C', 'g5\r', 'q']);
    const stdin = Object.assign(sent, { isTTY: true, setRawMode: (on: boolean) => raw.push(on) }) as never;
    let out = '';
    const stdout = new Writable({
      write(chunk: Buffer, _, done) {
        out += chunk.toString();
        done();
      },
    });
    const terminal = Object.assign(stdout, { isTTY: true, columns: 80, rows: 24 });
    await play({ stdin, stdout: terminal, stderr: stdout, env: { NO_COLOR: '1' }, cwd: '/' }, all, 0);
    expect(raw).toEqual([true, false]);
    expect(out.match(/\d of 8/g)).toEqual(['1 of 8', '2 of 8', '6 of 8']);
    expect(out.endsWith('\u001b[?7h\u001b[?25h\u001b[?1049l')).toBe(true);
  });
});
