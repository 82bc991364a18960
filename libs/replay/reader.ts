import type { Token } from './lexer.js';

/** Walks the tokens of one statement. */
export class Reader {
  private at = 0;
  constructor(private readonly statement: readonly Token[]) {}

  word(): string | undefined {
    const token = this.statement[this.at];
    if (token?.kind !== 'word') return undefined;
    this.at++;
    return token.text;
  }

  /** Whether this word comes next. */
  isNext(keyword: string, ahead = 0): boolean {
    const token = this.statement[this.at + ahead];
    return token?.kind === 'word' && token.text === keyword;
  }

  /** Steps over these words where all of them come next. */
  accept(...keywords: readonly string[]): boolean {
    if (!keywords.every((keyword, i) => this.isNext(keyword, i))) return false;
    this.at += keywords.length;
    return true;
  }

  /** Steps over the next word where it is one of these noise words. */
  skip(...noise: readonly string[]): void {
    if (noise.some((word) => this.isNext(word))) this.at++;
  }

  /** Whether this word is all that is left. */
  isKeyword(keyword: string): boolean {
    return this.isNext(keyword) && this.at === this.statement.length - 1;
  }

  symbol(symbol: string): boolean {
    const token = this.statement[this.at];
    if (token?.kind !== 'symbol' || token.text !== symbol) return false;
    this.at++;
    return true;
  }

  identifier(): string | undefined {
    const token = this.statement[this.at];
    if (token?.kind !== 'word' && token?.kind !== 'name') return undefined;
    this.at++;
    return token.text;
  }

  literal(): string | undefined {
    const token = this.statement[this.at];
    if (token?.kind !== 'string') return undefined;
    this.at++;
    return token.text;
  }

  /** The parts of a name like `schema.table`; none where no identifier comes next. */
  qualified(): string[] {
    const parts: string[] = [];
    do {
      const part = this.identifier();
      if (part === undefined) break;
      parts.push(part);
    } while (this.symbol('.'));
    return parts;
  }

  dotted(): string | undefined {
    const parts = this.qualified();
    return parts.length > 0 ? parts.join('.') : undefined;
  }

  /** `=` or TO. */
  assignment(): boolean {
    return this.symbol('=') || this.accept('to');
  }

  /** The values of a SET, to the end of the statement: what commas part, without quotes. */
  values(): string[] {
    const values: string[] = [];
    let current: string[] = [];
    for (; this.at < this.statement.length; this.at++) {
      const token = this.statement[this.at];
      if (token?.kind === 'symbol' && token.text === ',') {
        values.push(current.join(' '));
        current = [];
      } else if (token) {
        const sign = current.at(-1) === '-' && token.kind === 'number' ? current.pop() : undefined;
        current.push(`${sign ?? ''}${token.text}`);
      }
    }
    values.push(current.join(' '));
    return values;
  }

  /** Goes past the next place, outside of parentheses, where these words stand. */
  skipTo(...keywords: readonly string[]): boolean {
    let depth = 0;
    for (; this.at < this.statement.length; this.at++) {
      if (depth === 0 && this.accept(...keywords)) return true;
      const token = this.statement[this.at];
      if (token?.kind === 'symbol') depth += token.text === '(' ? 1 : token.text === ')' ? -1 : 0;
    }
    return false;
  }

  /** The text from here to the statement's end. */
  rest(sql: string): string {
    const first = this.statement[this.at];
    const last = this.statement.at(-1);
    return first && last ? sql.slice(first.from, last.to) : '';
  }
}
