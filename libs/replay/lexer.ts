/** A token of SQL, as Postgres' scanner cuts it under standard_conforming_strings=on, which every session is held to. */
export interface Token {
  /** `word`: an unquoted identifier or keyword. `name`: a quoted identifier. */
  readonly kind: 'word' | 'name' | 'string' | 'number' | 'symbol';
  /** What it says: words in lower case, names and strings without their quotes. */
  readonly text: string;
  /** Where it stands in the text, in UTF-16 units, half-open. */
  readonly from: number;
  readonly to: number;
}

const space = /(?:\s+|--[^\n\r]*)+/y;
const comment = /\/\*|\*\//g;
const dollar = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
const escaped = /[eE]'[^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*'/y;
const string = /(?:[bBxXnN]|[uU]&)?'[^']*(?:''[^']*)*'/y;
const name = /(?:[uU]&)?"[^"]*(?:""[^"]*)*"/y;
const word = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const number = /\.?\d[\w.]*/y;

/** Cuts a text into tokens, comments and white space aside. Total: what is no SQL comes as symbols. */
export function tokens(sql: string): Token[] {
  const found: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  const push = (kind: Token['kind'], raw: string, text: string): void => {
    found.push({ kind, text, from: at, to: at + raw.length });
    at += raw.length;
  };
  while (at < sql.length) {
    let raw: string | undefined;
    if ((raw = match(space)) !== undefined) at += raw.length;
    else if (sql.startsWith('/*', at)) at = endOfComment(sql, at);
    else if ((raw = match(dollar)) !== undefined) {
      const end = sql.indexOf(raw, at + raw.length);
      const whole = end < 0 ? sql.slice(at) : sql.slice(at, end + raw.length);
      push('string', whole, whole.slice(raw.length, end < 0 ? undefined : -raw.length));
    } else if ((raw = match(escaped)) !== undefined) push('string', raw, unescape(raw.slice(2, -1)));
    else if ((raw = match(string)) !== undefined) push('string', raw, raw.slice(raw.indexOf("'") + 1, -1).replaceAll("''", "'"));
    else if ((raw = match(name)) !== undefined)
      push('name', raw, clipped(raw.slice(raw.indexOf('"') + 1, -1).replaceAll('""', '"')));
    else if ((raw = match(word)) !== undefined)
      push('word', raw, clipped(raw.replace(/[A-Z]+/g, (upper) => upper.toLowerCase())));
    else if ((raw = match(number)) !== undefined) push('number', raw, raw);
    else push('symbol', sql.charAt(at), sql.charAt(at));
  }
  return found;
}

/** The statements of a string, as Postgres' grammar parts them; empty ones are none. */
export function splitStatements(all: readonly Token[]): Token[][] {
  const statements: Token[][] = [];
  let current: Token[] = [];
  let depth = 0; // of parentheses: CREATE RULE has statements within them
  let body = 0; // of BEGIN ATOMIC … END, whose CASE … END nest
  for (const token of all) {
    const before = current.at(-1);
    if (token.kind === 'symbol') {
      if (token.text === ';' && depth <= 0 && body === 0) {
        if (current.length > 0) statements.push(current);
        current = [];
        depth = 0;
        continue;
      }
      depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    } else if (token.kind === 'word') {
      if (token.text === 'atomic' && before?.kind === 'word' && before.text === 'begin') body++;
      else if (body > 0 && token.text === 'case') body++;
      else if (body > 0 && token.text === 'end') body--;
    }
    current.push(token);
  }
  if (current.length > 0) statements.push(current);
  return statements;
}

function endOfComment(sql: string, from: number): number {
  comment.lastIndex = from;
  let depth = 0;
  for (let mark = comment.exec(sql); mark; mark = comment.exec(sql)) {
    depth += mark[0] === '/*' ? 1 : -1;
    if (depth === 0) return comment.lastIndex;
  }
  return sql.length;
}

const escapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

function unescape(body: string): string {
  return body.replace(
    /''|\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([\s\S]))/g,
    (all: string, octal?: string, hex?: string, u4?: string, u8?: string, other?: string) => {
      if (all === "''") return "'";
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff);
      const code = hex ?? u4 ?? u8;
      if (code === undefined) return escapes[other ?? ''] ?? other ?? '';
      const point = Number.parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : '';
    },
  );
}

const identifierBytes = 63;

/** Postgres keeps the first 63 bytes of an identifier, whole characters only. */
function clipped(identifier: string): string {
  if (identifier.length <= identifierBytes / 3 || Buffer.byteLength(identifier) <= identifierBytes) return identifier;
  let end = identifier.length;
  while (Buffer.byteLength(identifier.slice(0, end)) > identifierBytes) end--;
  return identifier.slice(0, end);
}
