import type { Written } from '#sql';
import type { CoveredRelation } from './plan.js';

/** A covered relation as a statement calls it. */
export interface NamedRelation {
  /** Its alias, else its name: beside an alias the name says nothing. */
  readonly alias: string;
  readonly covered: CoveredRelation;
}

/** Names by which a writing statement may call the rows of its target. */
const rowsOfTarget = ['old', 'new', 'excluded'];

/**
 * Whether a statement reads no masked column of the relations that it names, as far as its text alone can prove it: no star, no whole row, no
 * masked name, nothing renamed, and behind a relation's name nothing but its own columns (`t.f` may also call f(t)). Errs towards no.
 * `excluded.ssn` is what the statement itself gives, unless code that nobody has seen gives it.
 */
export function readsNoMasked(written: Written, named: readonly NamedRelation[], runsUnseen: boolean): boolean {
  if (written.renames || written.special.includes('ReturningOption')) return false;
  const masked = new Set(named.flatMap(({ covered }) => [...covered.masked.keys()]));
  const rows = new Set([...rowsOfTarget, ...named.map(({ alias }) => alias)]);
  const ownRow = runsUnseen || named.some(({ alias }) => alias === 'excluded') ? undefined : 'excluded';
  return written.columns.every(({ path }) => {
    const [column = '', row] = path.toReversed();
    if (row !== undefined && row === ownRow && path.length === 2) return isColumn(column, row, named);
    if (column === '*' || rows.has(column) || path.some((name) => masked.has(name))) return false;
    return row === undefined || !rows.has(row) || isColumn(column, row, named);
  });
}

function isColumn(column: string, row: string, named: readonly NamedRelation[]): boolean {
  const called = named.filter(({ alias }) => rowsOfTarget.includes(row) || alias === row);
  return called.every(({ covered }) => covered.relation.columns.some(({ name }) => name === column));
}
