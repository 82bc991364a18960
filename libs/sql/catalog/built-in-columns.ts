import type { Rows } from './rows.js';
import type { BuiltInColumns, Column } from './snapshot.js';

/** The columns of built-in relations that were asked for, by the relation's name. */
export function builtInColumns(rows: Rows): BuiltInColumns[] {
  const relations = new Map<string, { schema: string; name: string; columns: Column[] }>();
  for (const row of rows.of('builtInColumns')) {
    const [schema, name] = [row.text(0), row.text(1)];
    const known = relations.get(`${schema}.${name}`) ?? { schema, name, columns: [] };
    relations.set(`${schema}.${name}`, known);
    known.columns.push({
      number: row.number(2),
      name: row.text(3),
      type: row.number(4),
      typeText: row.text(5),
      generated: false,
    });
  }
  for (const { columns } of relations.values()) columns.sort((a, b) => a.number - b.number);
  return [...relations].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, relation]) => relation);
}
