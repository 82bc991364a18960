import { byOid, ordered } from './order.js';
import type { Cells, Rows } from './rows.js';
import type { Relation, RelationKind, StoredCalls, TriggerEvent } from './snapshot.js';

const kinds: Readonly<Record<string, RelationKind>> = {
  r: 'table',
  p: 'partitioned table',
  v: 'view',
  m: 'materialized view',
  f: 'foreign table',
  S: 'sequence',
  i: 'index',
  I: 'index',
  c: 'composite type',
};

const ruleEvents = { '1': 'SELECT', '2': 'UPDATE', '3': 'INSERT', '4': 'DELETE' } as const;

/** Relations with all that hangs on them, by OID. */
export function relations(rows: Rows, calls: Map<number, StoredCalls[]>): Relation[] {
  const columns = rows.by('columns', 0);
  const keys = rows.by('uniqueKeys', 0);
  const parents = rows.by('parents', 0);
  const triggers = rows.by('triggers', 0);
  const rules = rows.by('rules', 0);
  const foreignKeys = rows.by('foreignKeys', 0);
  return rows
    .of('relations')
    .map((row): Relation => {
      const oid = row.number(0);
      const own = (columns.get(oid) ?? []).sort((a, b) => a.number(1) - b.number(1));
      const nameOf = new Map(own.map((column) => [column.number(1), column.text(2)]));
      return {
        oid,
        schema: row.text(1),
        name: row.text(2),
        kind: kinds[row.text(3)] ?? 'table',
        rowType: row.number(4),
        rowSecurity: row.is(5),
        isPartition: row.is(6),
        columns: own.map((column) => ({
          name: column.text(2),
          number: column.number(1),
          type: column.number(3),
          typeText: column.text(4),
          generated: column.text(5) !== '',
          ...(column.optional(6) !== undefined && { collation: `${column.text(6)}.${column.text(7)}` }),
        })),
        keys: ordered((keys.get(oid) ?? []).map((key) => keyColumns(key, nameOf))),
        parents: (parents.get(oid) ?? []).map((parent) => parent.number(1)).sort((a, b) => a - b),
        triggers: ordered(
          (triggers.get(oid) ?? []).map((trigger) => ({ events: triggerEvents(trigger.number(1)), function: trigger.number(2) })),
        ),
        rules: [...new Set((rules.get(oid) ?? []).map((rule) => ruleEvents[rule.text(1) as keyof typeof ruleEvents]))].sort(),
        cascades: ordered((foreignKeys.get(oid) ?? []).flatMap((key) => cascades(key, nameOf))),
        calls: calls.get(oid) ?? [],
      };
    })
    .sort(byOid);
}

const keyColumns = (key: Cells, nameOf: ReadonlyMap<number, string>): string[] =>
  key
    .numbers(2)
    .slice(0, key.number(1))
    .map((column) => nameOf.get(column) ?? '')
    .sort();

const triggerBits: readonly (readonly [number, TriggerEvent])[] = [
  [4, 'INSERT'],
  [8, 'DELETE'],
  [16, 'UPDATE'],
  [32, 'TRUNCATE'],
];

const triggerEvents = (type: number): TriggerEvent[] =>
  triggerBits.filter(([bit]) => (type & bit) !== 0).map(([, event]) => event);

// Of the actions c, n and d, all touch the other table: c deletes its rows on DELETE, the rest updates them.
function cascades(row: Cells, nameOf: ReadonlyMap<number, string>): Relation['cascades'][number][] {
  const to = row.number(1);
  const acts = (action: string): boolean => 'cnd'.includes(action);
  const columns = row
    .numbers(4)
    .map((column) => nameOf.get(column) ?? '')
    .sort();
  return [
    ...(acts(row.text(2))
      ? [{ to, columns, on: 'DELETE' as const, by: row.text(2) === 'c' ? ('DELETE' as const) : ('UPDATE' as const) }]
      : []),
    ...(acts(row.text(3)) ? [{ to, columns, on: 'UPDATE' as const, by: 'UPDATE' as const }] : []),
  ];
}
