/** What a person at the replay sees and does, without a terminal: the place, the scroll, and what is being typed. */
export interface Player {
  /** Index of the step shown. */
  readonly at: number;
  /** Lines scrolled down within it. */
  readonly scroll: number;
  readonly mode: 'view' | 'jump' | 'search' | 'help';
  readonly typed: string;
  /** What to say under the step. */
  readonly note: string;
  readonly done: boolean;
}

/** What the player may look at: how many steps there are, which has a `seq`, and which hold a text. */
export interface Tape {
  readonly length: number;
  /** The index of the step with this `seq`, or −1. */
  indexOf(seq: number): number;
  holds(index: number, text: string): boolean;
}

export const atStart: Player = { at: 0, scroll: 0, mode: 'view', typed: '', note: '', done: false };

/** @param key as `keyOf` names it: `right`, `enter`, `q` … */
export function press(player: Player, key: string, tape: Tape): Player {
  if (key === 'ctrl-c') return { ...player, done: true };
  switch (player.mode) {
    case 'help':
      return { ...player, mode: 'view' };
    case 'view':
      return view({ ...player, note: '' }, key, tape);
    case 'jump':
    case 'search':
      return type(player, key, tape);
  }
}

function view(player: Player, key: string, tape: Tape): Player {
  switch (key) {
    case 'right':
    case 'l':
    case 'space':
    case 'enter':
      return player.at + 1 < tape.length ? goTo(player, player.at + 1) : { ...player, note: 'This is the last step.' };
    case 'left':
    case 'b':
      return player.at > 0 ? goTo(player, player.at - 1) : { ...player, note: 'This is the first step.' };
    case 'home':
      return goTo(player, 0);
    case 'end':
      return goTo(player, tape.length - 1);
    case 'down':
    case 'j':
      return { ...player, scroll: player.scroll + 1 };
    case 'up':
    case 'k':
      return { ...player, scroll: Math.max(0, player.scroll - 1) };
    case 'g':
      return { ...player, mode: 'jump', typed: '' };
    case '/':
      return { ...player, mode: 'search', typed: '' };
    case 'n':
      return search(player, tape);
    case 'h':
    case '?':
      return { ...player, mode: 'help' };
    case 'q':
    case 'escape':
      return { ...player, done: true };
    default:
      return player;
  }
}

function type(player: Player, key: string, tape: Tape): Player {
  switch (key) {
    case 'escape':
      return { ...player, mode: 'view' };
    case 'backspace':
      return { ...player, typed: player.typed.slice(0, -1) };
    case 'enter':
      return player.mode === 'jump' ? jump(player, tape) : search({ ...player, mode: 'view' }, tape);
    default:
      return { ...player, typed: player.typed + (key === 'space' ? ' ' : key.length === 1 ? key : '') };
  }
}

function jump(player: Player, tape: Tape): Player {
  const at = /^\d+$/.test(player.typed) ? tape.indexOf(Number(player.typed)) : -1;
  const view: Player = { ...player, mode: 'view', typed: '' };
  return at < 0 ? { ...view, note: `There is no step ${player.typed}.` } : goTo(view, at);
}

/** The next step, from the one after this and around the end, that holds what was typed. */
function search(player: Player, tape: Tape): Player {
  if (player.typed === '') return { ...player, note: 'Nothing was searched for yet: / searches.' };
  for (let i = 1; i <= tape.length; i++) {
    const at = (player.at + i) % tape.length;
    if (tape.holds(at, player.typed)) return goTo({ ...player, note: at <= player.at ? 'From the start again.' : '' }, at);
  }
  return { ...player, note: `No step holds ${player.typed}.` };
}

const goTo = (player: Player, at: number): Player => ({ ...player, at, scroll: 0 });
