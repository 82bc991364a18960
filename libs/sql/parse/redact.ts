import type { Node } from '../read/tree.js';

/** A token of Postgres' lexer: bytes [start, end). */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  readonly tokenName: string;
}

/** The text with `?` for each literal; comments are left out. `SET x = word` holds a literal that only the tree knows. */
export function replaceLiterals(sql: Buffer, tokens: readonly Token[], tree: Node): string {
  const constants = constantPositions(tree, new Set());
  let redacted = '';
  let written = 0;
  for (const token of tokens) {
    const comment = token.tokenName === 'SQL_COMMENT' || token.tokenName === 'C_COMMENT';
    if (!comment && !isLiteral(token) && !(constants.has(token.start) && isWord(token))) continue;
    redacted += sql.toString('utf8', written, token.start) + (comment ? ' ' : '?');
    written = token.end;
  }
  return (redacted + sql.toString('utf8', written)).trim();
}

const isLiteral = ({ text, tokenName }: Token): boolean =>
  tokenName === 'SCONST' || tokenName === 'ICONST' || tokenName === 'FCONST' || /^(?:[xXbB]|[uU]&)?'/.test(text);

/** Byte positions of all constants of a tree. */
function constantPositions(value: unknown, found: Set<number>): Set<number> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [field, child] of Object.entries(value)) {
    if (field === 'A_Const') found.add(Number((child as Node)['location'] ?? 0));
    else constantPositions(child, found);
  }
  return found;
}

// The constant -1 begins at its sign, which is a token of its own.
const isWord = ({ text }: Token): boolean => /^[\w"\u0080-\uffff]/.test(text);
