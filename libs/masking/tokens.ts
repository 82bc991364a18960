/** A piece of SQL text between white space and comments, by its bytes [from, to). */
export interface Token {
  readonly from: number;
  readonly to: number;
  /** Words in small letters, symbols as one character each; empty for quoted identifiers, constants and parameters. */
  readonly word: string;
}

/** Cuts a text into tokens as the server does under `standard_conforming_strings = on`. Total: what it misreads shows when the result is parsed. */
export function tokensOf(sql: Buffer): Token[] {
  const text = sql.toString('latin1'); // one character a byte
  const tokens: Token[] = [];
  for (let at = skipSpace(text, 0); at < text.length;) {
    const to = endOfToken(text, at);
    const raw = text.slice(at, to);
    tokens.push({ from: at, to, word: isWord(raw) || raw.length === 1 ? raw.toLowerCase() : '' });
    at = skipSpace(text, to);
  }
  return tokens;
}

const wordAt = /[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*/y;
const numberAt = /[0-9]+[A-Za-z0-9_.]*/y;
const dollarAt = /\$(?:[A-Za-z_\x80-\xff][A-Za-z0-9_\x80-\xff]*)?\$/y;
const spaceAt = /(?:[ \t\n\r\f\v]+|--[^\n\r]*)+/y;
const isWord = (raw: string): boolean => /^[A-Za-z_\x80-\xff][A-Za-z0-9_$\x80-\xff]*$/.test(raw);

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

function skipSpace(text: string, at: number): number {
  let i = at;
  for (;;) {
    const space = matchAt(spaceAt, text, i);
    if (space !== undefined) i += space.length;
    else if (text.startsWith('/*', i)) i = endOfComment(text, i);
    else return i;
  }
}

// Comments nest.
function endOfComment(text: string, at: number): number {
  let depth = 0;
  for (let i = at; i < text.length; i++) {
    if (text.startsWith('/*', i)) {
      depth++;
      i++;
    } else if (text.startsWith('*/', i)) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return text.length;
}

function endOfToken(text: string, at: number): number {
  const first = text[at] ?? '';
  if (first === "'") return endOfQuoted(text, at, 'plain');
  if (first === '"') return endOfQuoted(text, at, 'plain');
  if (first === '$') return endOfDollar(text, at);
  const word = matchAt(wordAt, text, at);
  if (word === undefined) return at + (matchAt(numberAt, text, at)?.length ?? 1);
  const after = at + word.length;
  const prefix = word.toLowerCase();
  if (text[after] === "'" && 'bxne'.includes(prefix) && prefix.length === 1)
    return endOfQuoted(text, after, prefix === 'e' ? 'escapes' : 'plain');
  if (prefix === 'u' && text[after] === '&' && (text[after + 1] === "'" || text[after + 1] === '"'))
    return endOfQuoted(text, after + 1, 'plain');
  return after;
}

function endOfQuoted(text: string, at: number, kind: 'plain' | 'escapes'): number {
  const quote = text[at] ?? '';
  for (let i = at + 1; i < text.length; i++) {
    if (kind === 'escapes' && text[i] === '\\') i++;
    else if (text[i] === quote) {
      if (text[i + 1] !== quote) return i + 1;
      i++;
    }
  }
  return text.length;
}

function endOfDollar(text: string, at: number): number {
  const tag = matchAt(dollarAt, text, at);
  if (tag === undefined) return at + 1; // $1
  const end = text.indexOf(tag, at + tag.length);
  return end < 0 ? text.length : end + tag.length;
}
