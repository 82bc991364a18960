const named: Readonly<Record<string, string>> = {
  '\u001b[C': 'right',
  '\u001b[D': 'left',
  '\u001b[A': 'up',
  '\u001b[B': 'down',
  '\u001bOC': 'right',
  '\u001bOD': 'left',
  '\u001bOA': 'up',
  '\u001bOB': 'down',
  '\u001b[H': 'home',
  '\u001b[F': 'end',
  '\u001b[1~': 'home',
  '\u001b[4~': 'end',
  '\u001b': 'escape',
  '\r': 'enter',
  '\n': 'enter',
  ' ': 'space',
  '\u007f': 'backspace',
  '\b': 'backspace',
  '\u0003': 'ctrl-c',
};

/** The keys in what a terminal in raw mode sent at once; sequences that name no key here are left out. */
export function keysOf(sent: string): string[] {
  // eslint-disable-next-line no-control-regex -- ESC begins what a terminal sends for a key that is no character
  const keys = sent.match(/\u001b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z])?|[\s\S]/gu) ?? [];
  return keys.flatMap((key) => named[key] ?? (/^[^\p{Cc}]$/u.test(key) ? key : []));
}
