import pc from 'picocolors';
import { keysOf } from './keys.js';
import { resultLines } from './lines.js';
import { atStart, type Player, press, type Tape } from './player.js';
import { screen } from './screen.js';

const plain = pc.createColors(false);

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
    [['n'], { at: 0, note: 'Nothing was searched for yet: / searches.' }],
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
