// Recorded text is whatever a client or a row held: nothing of it may steer the terminal of who reads it. C0 and C1 controls,
// and the marks that reorder or hide text.
const unsafe = /[\p{Cc}\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

const short: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text on one line, with everything that a terminal would obey shown as an escape. */
export const printable = (text: string): string => text.replace(unsafe, escapeOf);

/** The same over several lines: line ends and tabs stay. */
export const printableLines = (text: string): string[] =>
  text.split(/\r\n|\n|\r/).map((line) => printable(line.replaceAll('\t', '    ')));

function escapeOf(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  return short[char] ?? (code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`);
}
