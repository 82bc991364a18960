import { type Act, type ColumnReference, definitionFunctions, type FunctionReference, type Written } from '#sql';
import { type Splice, movedTo } from './splice.js';

/**
 * Whether a rewritten text, parsed again, says what the original said with each masked table within its own sub-select and nothing else
 * changed: the last check before it is sent.
 */
export function isFaithful(original: readonly Written[], rewritten: readonly Written[], splices: readonly Splice[]): boolean {
  return original.length === rewritten.length && original.every((one, i) => isSame(one, rewritten[i] as Written, splices));
}

function isSame(before: Written, after: Written, splices: readonly Splice[]): boolean {
  // A column that was named with its table's schema may have lost that, and nothing but that.
  const unqualified = (column: ColumnReference): ColumnReference =>
    splices.some(({ from, text }) => from === column.at && text === '') ? { ...column, path: column.path.slice(-2) } : column;
  return (
    sameJson(shape(before), shape(after)) &&
    sameRelations(before, after, splices) &&
    sameAct(before.act, after.act, splices) &&
    onlyAdds(before.columns.map(unqualified), after.columns, ({ path, field }) => JSON.stringify([path, field])) &&
    onlyAdds(before.functions.filter(isKept), after.functions, ({ schema, name, arguments: count }) =>
      JSON.stringify([schema, name, count]),
    ) &&
    onlyAdds(before.operators, after.operators, ({ schema, name }) => JSON.stringify([schema, name])) &&
    onlyAdds(before.types, after.types, ({ schema, name, array, use }) => JSON.stringify([schema, name, array, use])) &&
    after.functions.every(isKept) &&
    after.functions.every((one) => one.schema === 'pg_catalog' || before.functions.some(({ name }) => name === one.name)) &&
    after.operators.every((one) => one.schema === 'pg_catalog' || before.operators.some(({ name }) => name === one.name))
  );
}

/** Calls that write out definitions are replaced, all of them. */
const isKept = ({ name }: FunctionReference): boolean => !definitionFunctions.has(name);

const sameJson = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What a rewrite leaves as it is. */
const shape = ({ verb, effects, special, modifications, where, limit, locking, unknown }: Written): unknown => [
  verb,
  effects,
  special,
  modifications,
  where,
  limit,
  locking,
  unknown,
];

function sameRelations(before: Written, after: Written, splices: readonly Splice[]): boolean {
  if (before.relations.length !== after.relations.length) return false;
  return before.relations.every((reference, i) => {
    const found = after.relations[i];
    if (!found) return false;
    const { at, end } = reference;
    const splice = at === undefined ? undefined : splices.find(({ from, to }) => from <= at && at < to);
    if (!splice || at === undefined) {
      const moved = {
        ...reference,
        ...(at !== undefined && { at: movedTo(splices, at) }),
        ...(end !== undefined && { end: movedTo(splices, end) }),
      };
      return sameJson(sorted(moved), sorted(found));
    }
    const [from, to] = [movedTo(splices, splice.from), movedTo(splices, splice.from) + Buffer.byteLength(splice.text, 'utf8')];
    return (
      found.name === reference.name &&
      found.schema !== undefined &&
      found.alias === undefined &&
      found.only === reference.only &&
      found.sampled === reference.sampled &&
      found.modifying === reference.modifying &&
      found.access === 'read' &&
      !found.cte &&
      (found.at ?? -1) >= from &&
      (found.end ?? Infinity) <= to
    );
  });
}

const sorted = (value: object): unknown => Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));

/** What PREPARE and DECLARE hold is compared by itself; of any other act nothing moves. */
function sameAct(before: Act, after: Act, splices: readonly Splice[]): boolean {
  if ((before.kind === 'prepare' || before.kind === 'declare') && before.kind === after.kind)
    return before.name === after.name && isSame(before.inner, after.inner, splices);
  return sameJson(before, after);
}

function onlyAdds<T>(before: readonly T[], after: readonly T[], key: (item: T) => string): boolean {
  const known = new Set(after.map(key));
  return before.every((item) => known.has(key(item)));
}
