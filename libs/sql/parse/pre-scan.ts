import { isUtf8 } from 'node:buffer';

/**
 * What one pass over the bytes tells before the parser may see them. Postgres' lexer is quadratic on comments, and its parser and
 * every walk of the tree recurse once per nested operator: both are bounded here, so that nobody's stack or time is.
 */
export type PreScan =
  | { readonly kind: 'refused'; readonly reason: string }
  /** `depth` bounds from above how deep the tree may nest. */
  | { readonly kind: 'fit'; readonly depth: number };

export interface Caps {
  readonly bytes: number;
  readonly depth: number;
  readonly comments: number;
}

/** Postgres' own stack limit refuses about twice this depth. */
export const defaultCaps: Caps = { bytes: 1024 * 1024, depth: 4_000, comments: 1_000 };

export function preScan(sql: Buffer, caps: Caps = defaultCaps): PreScan {
  if (sql.length > caps.bytes) return { kind: 'refused', reason: `longer than ${caps.bytes} bytes` };
  if (sql.includes(0)) return { kind: 'refused', reason: 'a NUL byte' };
  if (!isUtf8(sql)) return { kind: 'refused', reason: 'not valid UTF-8' };
  const scan = new Scan(sql, caps);
  scan.run();
  if (scan.comments > caps.comments) return { kind: 'refused', reason: `more than ${caps.comments} comments` };
  if (scan.deepest > caps.depth) return { kind: 'refused', reason: 'nested too deeply' };
  return { kind: 'fit', depth: scan.deepest };
}

/** An open bracket or CASE, and the operators seen in it: since the last comma, AND or OR, and those that only a semicolon ends. */
interface Level {
  readonly closer: 'bracket' | 'end';
  chain: number;
  spine: number;
}

/** A bracket costs the parser more stack than an operator. */
const bracketDepth = 4;

const chainWords = new Set([
  'not',
  'is',
  'isnull',
  'notnull',
  'in',
  'like',
  'ilike',
  'similar',
  'between',
  'collate',
  'at',
  'operator',
]);
const spineWords = new Set(['union', 'intersect', 'except', 'join']);
const longestWord = 9;

const classes = new Uint8Array(256);
const [blank, letter, digit, operator] = [0, 1, 2, 3];
for (let byte = 0; byte < 256; byte++) {
  const char = String.fromCharCode(byte);
  classes[byte] =
    byte >= 0x80 || /[A-Za-z_]/.test(char)
      ? letter
      : /[0-9]/.test(char)
        ? digit
        : '+-*/<>=~!@#%^&|`?:'.includes(char)
          ? operator
          : blank;
}

class Scan {
  comments = 0;
  deepest = 0;
  private depth = 0;
  private at = 0;
  private readonly levels: Level[] = [{ closer: 'bracket', chain: 0, spine: 0 }];

  constructor(
    private readonly sql: Buffer,
    private readonly caps: Caps,
  ) {}

  /** Stops where a cap is passed: what follows changes nothing, and would only fill the stack of levels. */
  run(): void {
    const { sql, caps } = this;
    while (this.at < sql.length && this.deepest <= caps.depth && this.comments <= caps.comments) {
      const byte = sql[this.at] as number;
      const next = sql[this.at + 1];
      if (byte === 0x2d && next === 0x2d) this.skipTo('\n', 1);
      else if (byte === 0x2f && next === 0x2a) this.skipComment();
      else if (byte === 0x27) this.skipQuoted(byte, this.isEscapeString());
      else if (byte === 0x22) this.skipQuoted(byte, false);
      else if (byte === 0x24) this.skipDollar();
      else if (classes[byte] === letter) this.word();
      else if (classes[byte] === operator) this.operators();
      else this.punctuation(byte);
    }
  }

  private get level(): Level {
    return this.levels.at(-1) as Level;
  }

  private deepen(by: number): void {
    this.depth += by;
    if (this.depth > this.deepest) this.deepest = this.depth;
  }

  private open(closer: Level['closer']): void {
    this.levels.push({ closer, chain: 0, spine: 0 });
    this.deepen(bracketDepth);
  }

  private close(): void {
    const level = this.levels.pop();
    if (level) this.depth -= bracketDepth + level.chain + level.spine;
  }

  private endChain(): void {
    this.depth -= this.level.chain;
    this.level.chain = 0;
  }

  private punctuation(byte: number): void {
    this.at++;
    if (byte === 0x28 || byte === 0x5b) this.open('bracket');
    else if (byte === 0x29 || byte === 0x5d) this.closeBracket();
    else if (byte === 0x2c) this.endChain();
    else if (byte === 0x3b) {
      this.endChain();
      this.depth -= this.level.spine;
      this.level.spine = 0;
    }
  }

  private closeBracket(): void {
    while (this.levels.length > 1 && this.level.closer === 'end') this.close();
    if (this.levels.length > 1) this.close();
  }

  private operators(): void {
    while (classes[this.sql[this.at] ?? 0] === operator && !this.atComment()) this.at++;
    this.level.chain++;
    this.deepen(1);
  }

  private atComment(): boolean {
    const [byte, next] = [this.sql[this.at], this.sql[this.at + 1]];
    return (byte === 0x2d && next === 0x2d) || (byte === 0x2f && next === 0x2a);
  }

  private word(): void {
    const from = this.at;
    while (this.isWordByte(this.sql[this.at])) this.at++;
    if (this.at - from > longestWord) return;
    const word = this.sql.toString('latin1', from, this.at).toLowerCase();
    if (word === 'and' || word === 'or') this.endChain();
    else if (word === 'case') this.open('end');
    else if (word === 'end') {
      if (this.level.closer === 'end') this.close();
    } else if (chainWords.has(word)) {
      this.level.chain++;
      this.deepen(1);
    } else if (spineWords.has(word)) {
      this.level.spine++;
      this.deepen(1);
    }
  }

  private isWordByte(byte: number | undefined): boolean {
    return byte !== undefined && (classes[byte] === letter || classes[byte] === digit || byte === 0x24);
  }

  // E'…' has its E alone before the quote; the word has just been passed.
  private isEscapeString(): boolean {
    const [before, e] = [this.sql[this.at - 2], this.sql[this.at - 1]];
    return (e === 0x45 || e === 0x65) && !this.isWordByte(before);
  }

  private skipQuoted(quote: number, escapes: boolean): void {
    const { sql } = this;
    for (this.at++; this.at < sql.length; this.at++) {
      if (escapes && sql[this.at] === 0x5c) this.at++;
      else if (sql[this.at] === quote) {
        this.at++;
        return; // a doubled quote opens the next string at once
      }
    }
  }

  private skipDollar(): void {
    const { sql } = this;
    let end = this.at + 1;
    if (classes[sql[end] ?? 0] === digit) {
      this.at = end;
      return;
    }
    while (classes[sql[end] ?? 0] === letter || classes[sql[end] ?? 0] === digit) end++;
    if (sql[end] !== 0x24) {
      this.at = end;
      return;
    }
    const tag = sql.toString('latin1', this.at, end + 1);
    this.at = end + 1;
    this.skipTo(tag, tag.length);
  }

  private skipTo(what: string, length: number): void {
    const found = this.sql.indexOf(what, this.at, 'latin1');
    this.at = found < 0 ? this.sql.length : found + length;
  }

  private skipComment(): void {
    const { sql } = this;
    let nesting = 0;
    while (this.at < sql.length) {
      if (sql[this.at] === 0x2f && sql[this.at + 1] === 0x2a) {
        this.comments++;
        nesting++;
        this.at += 2;
      } else if (sql[this.at] === 0x2a && sql[this.at + 1] === 0x2f) {
        this.at += 2;
        if (--nesting === 0) return;
      } else this.at++;
    }
  }
}
