import type { StepAnswer } from '../api/answers.js';
import type { NativeLog } from '../session/native.js';
import { colorsOf, type Io } from '../terminal/io.js';
import { keysOf } from './keys.js';
import { stepLines } from './lines.js';
import { atStart, type Player, press, type Tape } from './player.js';
import { screen, scrollLimit } from './screen.js';

// The alternate screen leaves the reader's scrollback as it was; without wrapping, a long line costs one row whatever the width.
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const home = '\u001b[H';
const restOfLine = '\u001b[K';
const restOfScreen = '\u001b[J';

/** Lets a person step through a session. Resolves when they quit, with the terminal as it was. */
export async function play(io: Io, steps: readonly StepAnswer[], native: NativeLog): Promise<void> {
  const { stdin, stdout } = io;
  const colors = colorsOf(io);
  const tape = tapeOf(steps);
  let player: Player = atStart;
  let drawn: { at: number; lines: readonly string[] } = { at: -1, lines: [] };
  const draw = (): void => {
    const step = steps[player.at];
    if (drawn.at !== player.at)
      drawn = { at: player.at, lines: step ? [...stepLines(step, colors), ...native.after(step.seq, colors)] : [] };
    const rows = stdout.rows ?? 24;
    player = { ...player, scroll: Math.min(player.scroll, scrollLimit(drawn.lines, rows)) };
    const lines = screen(player, drawn.lines, steps.length, rows, colors);
    stdout.write(`${home}${lines.map((line) => line + restOfLine).join('\r\n')}${restOfScreen}`);
  };
  const decoder = new TextDecoder();
  stdin.setRawMode?.(true);
  stdout.write(enter);
  stdout.on('resize', draw);
  try {
    draw();
    for await (const chunk of stdin) {
      for (const key of keysOf(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true })))
        player = press(player, key, tape);
      if (player.done) return;
      draw();
    }
  } finally {
    stdout.off('resize', draw);
    stdout.write(leave);
    stdin.setRawMode?.(false);
    stdin.pause();
  }
}

function tapeOf(steps: readonly StepAnswer[]): Tape {
  const texts = new Map<number, string>();
  const textOf = (index: number): string => {
    const step = steps[index];
    const text = texts.get(index) ?? (step ? JSON.stringify([step.type, step.data, step.sql, step.results]).toLowerCase() : '');
    texts.set(index, text);
    return text;
  };
  return {
    length: steps.length,
    indexOf: (seq) => steps.findIndex((step) => step.seq === seq),
    holds: (index, text) => textOf(index).includes(text.toLowerCase()),
  };
}
