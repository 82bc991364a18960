import type { RelationReference } from '#sql';
import { maskedExpression } from './expression.js';
import type { CoveredRelation } from './plan.js';
import { identifier } from './quote.js';
import type { Splice } from './splice.js';
import type { Token } from './tokens.js';

/** The table's name as the sub-select has it: where a check looks for it. */
export const nameInSplice = ({ relation }: CoveredRelation): string =>
  `${identifier(relation.schema)}.${identifier(relation.name)}`;

/**
 * A sub-select in a reference's place: it takes in ONLY, a `*`, the sample, and the word TABLE of `TABLE t`. Undefined where the text
 * around the name reads otherwise.
 */
export function maskedReference(
  sql: Buffer,
  tokens: readonly Token[],
  reference: RelationReference,
  covered: CoveredRelation,
): Splice | undefined {
  const { at, end, only, sampled, alias, name } = reference;
  if (at === undefined || end === undefined) return undefined;
  const place = placeOf(tokens, at, end, only);
  if (!place) return undefined;
  const named = alias === undefined ? ` AS ${identifier(name)}` : '';
  const opening = place.word === 'table' ? 'SELECT * FROM ' : '';
  if (!sampled) return { from: place.from, to: place.to, text: `${opening}${subSelect(covered, only, '')}${named}` };
  const sample = sampleAfter(tokens, place.next);
  if (!sample) return undefined;
  const between = sql.toString('utf8', place.to, sample.from);
  const clause = sql.toString('utf8', sample.from, sample.to);
  return { from: place.from, to: sample.to, text: `${subSelect(covered, only, ` ${clause}`)}${named}${between}` };
}

function subSelect(covered: CoveredRelation, only: boolean, sample: string): string {
  const columns = covered.relation.columns.map((column) => {
    const masks = covered.masked.get(column.name);
    const own = identifier(column.name);
    return masks ? `${maskedExpression(column, masks)} AS ${own}` : own;
  });
  return `(SELECT ${columns.join(', ')} FROM ${only ? 'ONLY ' : ''}${nameInSplice(covered)}${sample})`;
}

interface Place {
  readonly from: number;
  readonly to: number;
  /** The index of the token behind it. */
  readonly next: number;
  /** `table` where the reference stands behind TABLE and takes its place, too. */
  readonly word: 'table' | 'other';
}

function placeOf(tokens: readonly Token[], at: number, end: number, only: boolean): Place | undefined {
  let first = tokens.findIndex(({ from }) => from === at);
  let next = tokens.findIndex(({ from }) => from >= end);
  if (first < 0) return undefined;
  if (next < 0) next = tokens.length;
  const word = (i: number): string | undefined => tokens[i]?.word;
  if (only) {
    const parenthesised = word(first - 1) === '(' && word(first - 2) === 'only';
    if (parenthesised && word(next) !== ')') return undefined;
    if (!parenthesised && word(first - 1) !== 'only') return undefined;
    first -= parenthesised ? 2 : 1;
    if (parenthesised) next++;
  } else if (word(next) === '*') next++;
  const isTable = word(first - 1) === 'table';
  if (isTable) first--;
  const [start, last] = [tokens[first], tokens[next - 1]];
  return start && last && { from: start.from, to: last.to, next, word: isTable ? 'table' : 'other' };
}

/** The bytes of `TABLESAMPLE method(…) [REPEATABLE (…)]` behind an alias with or without its list of columns. */
function sampleAfter(tokens: readonly Token[], next: number): { readonly from: number; readonly to: number } | undefined {
  let i = next;
  for (let depth = 0; tokens[i] && !(depth === 0 && tokens[i]?.word === 'tablesample'); i++) {
    if (tokens[i]?.word === '(') depth++;
    if (tokens[i]?.word === ')') depth--;
    if (depth < 0) return undefined;
  }
  const from = tokens[i]?.from;
  const opened = tokens.findIndex(({ word }, at) => at > i && word === '(');
  let closed = closing(tokens, opened);
  if (tokens[closed + 1]?.word === 'repeatable') closed = closing(tokens, closed + 2);
  const to = tokens[closed]?.to;
  return from === undefined || opened < 0 || to === undefined ? undefined : { from, to };
}

function closing(tokens: readonly Token[], opened: number): number {
  let depth = 0;
  for (let i = opened; i >= 0 && i < tokens.length; i++) {
    if (tokens[i]?.word === '(') depth++;
    else if (tokens[i]?.word === ')' && --depth === 0) return i;
  }
  return -1;
}
