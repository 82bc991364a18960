import type { Mask } from '#policy';
import type { BuiltInColumns, Catalog, Relation } from '#sql';
import { hiddenColumns } from './allowed-relations.js';
import type { Masking } from './expression.js';

/** A relation whose columns may not all be shown. */
export interface CoveredRelation {
  readonly relation: Pick<Relation, 'schema' | 'name' | 'columns'>;
  /** By the name of the column. */
  readonly masked: ReadonlyMap<string, readonly Masking[]>;
  /** A mask names a column that is not there: it was renamed or dropped, and nothing of the table is shown until the policy says more. */
  readonly lacks?: string;
}

/** Masks as they bear on one catalog. */
export interface MaskPlan {
  /** By OID. */
  readonly covered: ReadonlyMap<number, CoveredRelation>;
  /** Views that rest on covered relations, by OID, materialized ones included. */
  readonly derived: ReadonlySet<number>;
  /** Built-in relations with columns that hold expressions, by `schema.name`. */
  readonly builtIn: ReadonlyMap<string, CoveredRelation>;
}

/**
 * Which relations the masks cover: the tables that they name, whatever these are partitions or children of, and theirs. A generated
 * column of such a table is masked, too: what it is computed from is not told.
 */
export function maskPlan(masks: readonly Mask[], catalog: Catalog): MaskPlan {
  const byRelation = new Map<number, Map<string, Masking[]>>();
  for (const mask of masks) {
    const { schema, table, column } = mask.column;
    const named = catalog.relation(schema, table);
    if (!named) continue;
    for (const relation of family(named, catalog)) {
      const columns = byRelation.get(relation.oid) ?? new Map<string, Masking[]>();
      byRelation.set(relation.oid, columns);
      const known = columns.get(column);
      if (known) known.push(mask);
      else columns.set(column, [mask]);
    }
  }
  const covered = new Map<number, CoveredRelation>();
  for (const [oid, masked] of byRelation) {
    const relation = catalog.relationByOid(oid);
    if (relation) covered.set(oid, coveredRelation(relation, masked));
  }
  coverRowsWithin(covered, catalog);
  return { covered, derived: derivedFrom(covered, catalog), builtIn: builtIn(catalog.snapshot.builtIn.columns) };
}

/** The masked columns that a relation has, `schema.table.column`. */
export const maskedNames = ({ relation, masked }: CoveredRelation): string[] =>
  [...masked.keys()].map((column) => `${relation.schema}.${relation.name}.${column}`);

/** Whether the server's tag of a result column says that it is a masked column, or the whole row of its table. */
export function isMaskedTag({ covered }: MaskPlan, table: number, attnum: number): boolean {
  const found = covered.get(table);
  if (!found) return false;
  return attnum === 0 || found.relation.columns.some(({ name, number }) => number === attnum && found.masked.has(name));
}

/** Columns of other tables that hold whole rows of covered ones, by themselves, in arrays or in other composites. */
function coverRowsWithin(covered: Map<number, CoveredRelation>, catalog: Catalog): void {
  const rowTypes = new Set([...covered.keys()].map((oid) => catalog.relationByOid(oid)?.rowType ?? 0));
  for (const relation of catalog.snapshot.relations) {
    if (relation.kind !== 'table' && relation.kind !== 'partitioned table') continue;
    for (const { name, type } of relation.columns) {
      if (!holds(type, rowTypes, catalog, new Set())) continue;
      const masked = new Map(covered.get(relation.oid)?.masked ?? []);
      masked.set(name, [{ mask: 'null' }]);
      covered.set(relation.oid, { ...covered.get(relation.oid), relation, masked });
    }
  }
}

function holds(type: number, wanted: ReadonlySet<number>, catalog: Catalog, seen: Set<number>): boolean {
  if (type === 0 || seen.has(type)) return false;
  if (wanted.has(type)) return true;
  seen.add(type);
  const inner = [
    ...(catalog.typeByOid(type)?.of ?? []),
    ...(catalog.relationOfRowType(type)?.columns ?? []).map((column) => column.type),
  ];
  return inner.some((one) => holds(one, wanted, catalog, seen));
}

const builtIn = (relations: readonly BuiltInColumns[]): Map<string, CoveredRelation> =>
  new Map(
    relations.map((relation) => {
      const name = `${relation.schema}.${relation.name}`;
      const masked = new Map((hiddenColumns(name) ?? []).map((column) => [column, [{ mask: 'null' as const }]]));
      return [name, { relation, masked }];
    }),
  );

function family(relation: Relation, catalog: Catalog): Relation[] {
  const found = new Map<number, Relation>();
  for (const one of [relation, ...catalog.ancestors(relation)])
    for (const member of [one, ...catalog.descendants(one.oid)]) found.set(member.oid, member);
  return [...found.values()];
}

function coveredRelation(relation: Relation, masked: Map<string, Masking[]>): CoveredRelation {
  const has = (name: string): boolean => relation.columns.some((column) => column.name === name);
  const lacks = [...masked.keys()].find((name) => !has(name));
  for (const { name, generated } of relation.columns) if (generated && !masked.has(name)) masked.set(name, [{ mask: 'redact' }]);
  return { relation, masked, ...(lacks !== undefined && { lacks }) };
}

function derivedFrom(covered: ReadonlyMap<number, CoveredRelation>, catalog: Catalog): Set<number> {
  const derived = new Set<number>();
  const views = catalog.snapshot.relations.filter(({ kind }) => kind === 'view' || kind === 'materialized view');
  const reads = ({ calls }: Relation): readonly number[] =>
    calls.filter(({ place }) => place === 'rule').flatMap(({ relations }) => relations);
  for (let before = -1; before !== derived.size;) {
    before = derived.size;
    for (const view of views) if (reads(view).some((oid) => covered.has(oid) || derived.has(oid))) derived.add(view.oid);
  }
  return derived;
}
