import type { ColumnRead, Expression, FromItem, OutputColumn, Resolved, WithQuery, WrittenQuery } from '#sql';
import type { MaskPlan } from './plan.js';
import { all, beside, type Column, columnsOfTable, type Level, nothing, resolveRead } from './scope.js';
import { made, picked, type Taints, taintsOf, union } from './taint.js';

/** The masked columns that each result column of a statement comes from; opaque: `carriedBy` reads it. */
export interface Lineage {
  readonly columns: readonly Column[];
}

/** Of a statement that shows nothing masked. */
export const plainLineage: Lineage = { columns: [{ taints: [], open: true }] };

/**
 * Follows masked columns through a query to its result: aliases, stars, sub-queries, WITH, joins, set operations, expressions, paths into
 * JSON. Where the text does not tell, a column counts as coming from all that it may come from. What only selects or orders rows (WHERE,
 * ORDER BY, EXISTS) is not followed: the rewrite makes it see masked values, and it shows none.
 */
export function lineageOf(resolved: Resolved, plan: MaskPlan): Lineage {
  if (!resolved.query) return plainLineage;
  return { columns: new Tracer(resolved, plan).query(resolved.query, { withs: new Map(), outer: [] }) };
}

/** For each of a result's columns, the masked columns that it comes from, `schema.table.column`, sorted. */
export function carriedBy({ columns }: Lineage, width: number): readonly (readonly string[])[] {
  return spread(columns, width).map(({ taints }) => [...new Set(taints.map(({ column }) => column))].sort());
}

/** As many columns as the result has: what an open one stands for is what the others leave. */
function spread(columns: readonly Column[], width: number): readonly Column[] {
  const first = columns.findIndex(({ open }) => open);
  const last = columns.findLastIndex(({ open }) => open);
  const left = width - columns.length + (last - first + 1);
  // The server counts otherwise: nothing is told by place.
  if (first < 0 ? columns.length !== width : left < 0) return Array<Column>(width).fill({ taints: all(columns) });
  if (first < 0) return columns;
  const between = { taints: all(columns.slice(first, last + 1)) };
  return [...columns.slice(0, first), ...Array<Column>(left).fill(between), ...columns.slice(last + 1)];
}

interface Place {
  /** WITH queries in sight. */
  readonly withs: ReadonlyMap<string, readonly Column[]>;
  /** What the queries around this one read from. */
  readonly outer: readonly Level[];
}

const open = (taints: Taints): Column => ({ taints, open: true });

const renamed = (columns: readonly Column[], names: readonly string[]): readonly Column[] => {
  const at = columns.findIndex((column) => column.open);
  const known = at < 0 ? columns : columns.slice(0, at);
  const named = names.map((name, i) => ({ name, taints: (known[i] ?? columns[at])?.taints ?? [] }));
  return [...named, ...known.slice(names.length), ...columns.slice(known.length)];
};

/** How many queries are looked at, rounds of recursive ones counted each: nested ones could go on for ever. */
const enough = 10_000;

class Tracer {
  private left = enough;

  constructor(
    private readonly resolved: Resolved,
    private readonly plan: MaskPlan,
  ) {}

  query({ with: ctes, body }: WrittenQuery, outside: Place): readonly Column[] {
    if (--this.left < 0) return [open(this.everything())];
    const place = { ...outside, withs: this.withs(ctes, outside) };
    switch (body.kind) {
      case 'unread':
        return [open(this.everything())];
      case 'values':
        return body.columns.map((value, i) => ({ name: `column${i + 1}`, taints: this.value(value, place.outer, place) }));
      case 'combined':
        return combined(body.sides.map((side) => this.query(side, place)));
      case 'select': {
        const from = body.from.reduce((before, item) => beside(before, this.from(item, before, place)), nothing);
        return body.columns.flatMap((column) => this.output(column, [from, ...place.outer], from, place));
      }
    }
  }

  /** Recursive ones, which may read each other, are followed round by round until nothing more is found. */
  private withs(ctes: readonly WithQuery[], place: Place): ReadonlyMap<string, readonly Column[]> {
    const withs = new Map(place.withs);
    if (ctes.some(({ recursive }) => recursive)) for (const { name } of ctes) withs.set(name, [open([])]);
    for (let changed = true; changed;) {
      changed = false;
      for (const { name, names, recursive, query, adds } of ctes) {
        const found = query ? renamed(this.query(query, { ...place, withs }), names) : renamed([open([])], names);
        const columns = adds ? [...found, open(all(found))] : found;
        if (recursive && JSON.stringify(columns) !== JSON.stringify(withs.get(name))) changed = true;
        withs.set(name, columns);
      }
    }
    return withs;
  }

  private from(item: FromItem, before: Level, place: Place): Level {
    const { alias, names } = item;
    switch (item.kind) {
      case 'relation':
        return this.relation(item, place);
      case 'query': {
        const outer = item.lateral ? [before, ...place.outer] : place.outer;
        return table(renamed(this.query(item.query, { ...place, outer }), names), alias);
      }
      case 'function': {
        const taints = made(this.value(item.value, [before, ...place.outer], place));
        const named = names.map((name) => ({ name, taints }));
        return table(item.listed ? named : [...named, open(taints)], alias);
      }
      case 'join': {
        const left = this.from(item.left, before, place);
        const right = this.from(item.right, beside(before, left), place);
        const joined = { tables: beside(left, right).tables, columns: merged(item, left.columns, right.columns) };
        return alias === undefined ? joined : table(renamed(joined.columns, names), alias);
      }
    }
  }

  private relation({ relation, alias, names }: Extract<FromItem, { kind: 'relation' }>, place: Place): Level {
    const named = this.resolved.relations[relation];
    const name = alias ?? named?.reference.name;
    if (named?.target.kind === 'cte') return table(renamed(place.withs.get(named.reference.name) ?? [open([])], names), name);
    const columns = named ? this.columnsOf(named.target) : [open([])];
    const schema = alias === undefined && named?.target.kind === 'relation' ? named.target.relation.schema : undefined;
    return table(renamed(columns, names), name, schema);
  }

  private columnsOf(target: Resolved['relations'][number]['target']): readonly Column[] {
    const { covered, builtIn } = this.plan;
    const found =
      target.kind === 'relation'
        ? (covered.get(target.relation.oid) ?? { relation: target.relation, masked: new Map<string, never>() })
        : target.kind === 'built-in'
          ? builtIn.get(`${target.schema}.${target.name}`)
          : undefined;
    // Of built-in and temporary relations the catalog lists no columns; what may be in them is not masked.
    if (!found) return [open([])];
    return found.relation.columns.map(({ name }) => ({ name, taints: taintsOf(found, name) }));
  }

  /** All that the statement reads, for a query that is too much to follow. */
  private everything(): Taints {
    return made(all(this.resolved.relations.flatMap(({ target }) => this.columnsOf(target))));
  }

  private output(column: OutputColumn, levels: readonly Level[], from: Level, place: Place): readonly Column[] {
    switch (column.kind) {
      case 'value': {
        const { name } = column;
        return [{ ...(name !== undefined && { name }), taints: this.value(column.value, levels, place) }];
      }
      case 'star':
        return column.path.length === 0 ? from.columns : (columnsOfTable(column.path, levels) ?? [open([])]);
      case 'fields': {
        const [read] = column.value.reads;
        const row = column.value.plain && read?.path.length === 1 ? columnsOfTable(read.path, levels) : undefined;
        return row ?? [open(made(this.value(column.value, levels, place)))];
      }
    }
  }

  private value({ reads, queries, plain }: Expression, levels: readonly Level[], place: Place): Taints {
    const read = ({ path, keys }: ColumnRead): Taints => picked(resolveRead(path, levels), keys);
    const found = union(reads.map(read));
    if (plain) return found;
    return made(union([found, ...queries.map((query) => all(this.query(query, { ...place, outer: levels })))]));
  }
}

const table = (columns: readonly Column[], alias?: string, schema?: string): Level => ({
  tables: [{ columns, ...(alias !== undefined && { alias }), ...(schema !== undefined && { schema }) }],
  columns,
});

/** Side by side, place by place; where a side's places are not known, by those of another, or all alike. */
function combined(sides: readonly (readonly Column[])[]): readonly Column[] {
  const width = sides.find((side) => !side.some((column) => column.open))?.length;
  if (width === undefined) return [open(all(sides.flat()))];
  const spreads = sides.map((side) => spread(side, width));
  const [first = []] = sides;
  return Array.from({ length: width }, (_, i) => {
    const name = first.some((column) => column.open) ? undefined : first[i]?.name;
    return { ...(name !== undefined && { name }), taints: union(spreads.map((side) => side[i]?.taints ?? [])) };
  });
}

/** The columns of a join: those of USING, or of the same name in a NATURAL one, come once and first. */
function merged(
  { join, using, natural }: Extract<FromItem, { kind: 'join' }>,
  left: readonly Column[],
  right: readonly Column[],
): readonly Column[] {
  const named = ({ name, open: isOpen }: Column): string | undefined => (isOpen ? undefined : name);
  const shared = left.flatMap((column) => named(column) ?? []).filter((name) => right.some((column) => named(column) === name));
  const names = natural ? [...new Set(shared)] : using;
  const isMerged = (column: Column): boolean => names.includes(named(column) ?? '');
  // A NATURAL join of what is not known may merge anything.
  if (natural && [...left, ...right].some((column) => column.open)) return [open(all([...left, ...right]))];
  const once = names.map((name) => {
    const of = (side: readonly Column[]): Taints => all(side.filter((column) => named(column) === name || column.open));
    const taints = join === 'full' ? union([of(left), of(right)]) : join === 'right' ? of(right) : of(left);
    return { name, taints };
  });
  return [...once, ...left.filter((column) => !isMerged(column)), ...right.filter((column) => !isMerged(column))];
}
