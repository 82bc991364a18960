/**
 * Where a name of `parts` identifiers that starts at byte `at` ends: quotes, Unicode escapes, white space and comments between the
 * parts included. Undefined where the text reads otherwise.
 */
export function endOfName(sql: Uint8Array, at: number, parts: number): number | undefined {
  let end = endOfIdentifier(sql, at);
  for (let part = 1; part < parts && end !== undefined; part++) {
    const dot = skipSpace(sql, end);
    if (sql[dot] !== 0x2e) return undefined;
    end = endOfIdentifier(sql, skipSpace(sql, dot + 1));
  }
  return end;
}

const quote = 0x22;
const isSpace = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
const isNameByte = (byte: number | undefined): boolean =>
  byte !== undefined &&
  (byte >= 0x80 ||
    (byte >= 0x61 && byte <= 0x7a) ||
    (byte >= 0x41 && byte <= 0x5a) ||
    (byte >= 0x30 && byte <= 0x39) ||
    byte === 0x5f ||
    byte === 0x24);

function endOfIdentifier(sql: Uint8Array, at: number): number | undefined {
  if (sql[at] === quote) return endOfQuoted(sql, at);
  // U&"d\0061ta" UESCAPE '!'
  if ((sql[at] === 0x55 || sql[at] === 0x75) && sql[at + 1] === 0x26 && sql[at + 2] === quote) {
    const end = endOfQuoted(sql, at + 2);
    return end === undefined ? undefined : endOfUescape(sql, end);
  }
  let end = at;
  while (isNameByte(sql[end])) end++;
  return end > at ? end : undefined;
}

function endOfQuoted(sql: Uint8Array, at: number): number | undefined {
  for (let i = at + 1; i < sql.length; i++) {
    if (sql[i] !== quote) continue;
    if (sql[i + 1] !== quote) return i + 1;
    i++;
  }
  return undefined;
}

function endOfUescape(sql: Uint8Array, end: number): number {
  const word = skipSpace(sql, end);
  const written = String.fromCharCode(...sql.subarray(word, word + 7)).toLowerCase();
  if (written !== 'uescape') return end;
  const literal = skipSpace(sql, word + 7);
  return literal + 3; // one character in quotes
}

/** The first byte from `at` on that is neither white space nor comment. */
export function skipSpace(sql: Uint8Array, at: number): number {
  let i = at;
  for (;;) {
    if (isSpace(sql[i])) i++;
    else if (sql[i] === 0x2d && sql[i + 1] === 0x2d) i = endOfLine(sql, i);
    else if (sql[i] === 0x2f && sql[i + 1] === 0x2a) i = endOfComment(sql, i);
    else return i;
  }
}

function endOfLine(sql: Uint8Array, at: number): number {
  let i = at;
  while (i < sql.length && sql[i] !== 0x0a && sql[i] !== 0x0d) i++;
  return i;
}

// Comments nest.
function endOfComment(sql: Uint8Array, at: number): number {
  let depth = 0;
  for (let i = at; i < sql.length; i++) {
    if (sql[i] === 0x2f && sql[i + 1] === 0x2a) {
      depth++;
      i++;
    } else if (sql[i] === 0x2a && sql[i + 1] === 0x2f) {
      depth--;
      i++;
      if (depth === 0) return i + 1;
    }
  }
  return sql.length;
}
