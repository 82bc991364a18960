import type { Colors } from '../terminal/io.js';
import type { Player } from './player.js';

const help = [
  '→ l space enter   the next step          ← b         the step before',
  'g                 go to a step           home end    the first, the last',
  '/                 search                 n           search on',
  '↓ j   ↑ k         scroll                 q esc       quit',
];

/** The last line of the screen says where one is, the one above it whether there is more. */
const roomIn = (rows: number): number => Math.max(1, rows - 2);

/** How far down a step of so many lines can be scrolled. */
export const scrollLimit = (lines: readonly string[], rows: number): number => Math.max(0, lines.length - roomIn(rows));

/**
 * What the terminal shows: the lines of the step as far as they fit, then one of status.
 * @param lines of the step, or of nothing where there is none
 */
export function screen(player: Player, lines: readonly string[], total: number, rows: number, colors: Colors): string[] {
  const room = roomIn(rows);
  const scroll = Math.min(player.scroll, scrollLimit(lines, rows));
  const shown = player.mode === 'help' ? help : lines.slice(scroll, scroll + room);
  const blank = Array.from({ length: Math.max(0, room - shown.length) }, () => '');
  const more = lines.length - scroll - room;
  const below = player.mode !== 'help' && more > 0 ? colors.dim(`… ${more} more lines below`) : '';
  return [...shown.slice(0, room), ...blank, below, status(player, total, colors)].slice(-Math.max(2, rows));
}

function status({ mode, typed, note, at }: Player, total: number, colors: Colors): string {
  switch (mode) {
    case 'jump':
      return `go to step: ${typed}_`;
    case 'search':
      return `/${typed}_`;
    case 'help':
      return colors.dim('any key goes back');
    case 'view':
      return `${colors.inverse(` ${at + 1} of ${total} `)} ${note === '' ? colors.dim('← → step  g go to  / search  h help  q quit') : note}`;
  }
}
