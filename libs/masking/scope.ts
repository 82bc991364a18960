import { made, type Taints, union } from './taint.js';

/** A column of a result, or (`open`) an unknown number of columns with unknown names. */
export interface Column {
  readonly name?: string;
  readonly taints: Taints;
  readonly open?: true;
}

/** What a name before a dot may stand for. */
export interface Table {
  readonly alias?: string;
  readonly schema?: string;
  readonly columns: readonly Column[];
}

/** What one FROM gives: its tables, and its columns in the order of `*`, those that a join merges once. */
export interface Level {
  readonly tables: readonly Table[];
  readonly columns: readonly Column[];
}

export const nothing: Level = { tables: [], columns: [] };

export const beside = (a: Level, b: Level): Level => ({
  tables: [...a.tables, ...b.tables],
  columns: [...a.columns, ...b.columns],
});

export const all = (columns: readonly Column[]): Taints => union(columns.map(({ taints }) => taints));

const systemColumns: ReadonlySet<string> = new Set(['ctid', 'tableoid', 'xmin', 'xmax', 'cmin', 'cmax']);

/**
 * What the value of a column reference comes from.
 * @param levels the query's own FROM first, then those around it
 */
export function resolveRead(path: readonly string[], levels: readonly Level[]): Taints {
  const table = path.length > 1 ? tableOf(path, levels) : undefined;
  if (!table) return columnOrRow(path[0] ?? '', levels);
  const name = path[table.next] ?? '*';
  const found = name === '*' ? [] : candidates(name, table.columns);
  if (found.length > 0) return all(found);
  // `t.f` may also be a call: f(t).
  return systemColumns.has(name) ? [] : made(all(table.columns));
}

/** The columns of `t.*`, `schema.t.*`. */
export function columnsOfTable(path: readonly string[], levels: readonly Level[]): readonly Column[] | undefined {
  return tableOf([...path, '*'], levels)?.columns;
}

function tableOf(path: readonly string[], levels: readonly Level[]): (Table & { readonly next: number }) | undefined {
  for (const { tables } of levels) {
    const called = tables.find(({ alias }) => alias === path[0]);
    if (called) return { ...called, next: 1 };
    // `schema.t.…`, `database.schema.t.…`
    for (const at of [0, 1]) {
      const qualified = tables.find(({ schema, alias }) => schema !== undefined && schema === path[at] && alias === path[at + 1]);
      if (qualified && path.length > at + 2) return { ...qualified, next: at + 2 };
    }
  }
  return undefined;
}

/** By name; where no column has it, those whose names are not known. */
function candidates(name: string, columns: readonly Column[]): readonly Column[] {
  const named = columns.filter((column) => column.name === name && !column.open);
  return named.length > 0 ? named : columns.filter((column) => column.name === undefined);
}

function columnOrRow(name: string, levels: readonly Level[]): Taints {
  const maybe: Column[] = [];
  for (const { columns } of levels) {
    const found = candidates(name, columns);
    maybe.push(...found);
    if (found.some((column) => column.name === name)) return all(maybe);
  }
  const row = tableOf([name, '*'], levels);
  if (row) maybe.push(...row.columns);
  if (maybe.length > 0 || systemColumns.has(name)) return made(all(maybe));
  return made(all(levels.flatMap(({ columns }) => columns))); // no such name here: it may be anything
}
