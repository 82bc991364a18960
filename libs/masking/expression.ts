import type { Mask } from '#policy';
import type { Column } from '#sql';
import { identifier, literal, typeOf } from './quote.js';

/** What is masked, as far as the expression depends on it: several only where each masks a path of its own. */
export type Masking = Pick<Mask, 'mask' | 'path'> & { readonly value?: string; readonly keep?: { first: number; last: number } };

const redacted = '***';
const textTypes: ReadonlySet<number> = new Set([25, 1042, 1043]); // text, bpchar, varchar
const jsonb = 3802;

/**
 * SQL that yields what is shown in a column's place: of the column's own type, modifier and collation. It never fails, so that no error
 * can carry a value, and names everything by its schema, so that nothing can stand in for what it calls.
 */
export function maskedExpression(column: Column, masks: readonly Masking[]): string {
  const shown = value(column, masks);
  const typed = `(${shown})::${typeOf(column)}`;
  return column.collation === undefined ? typed : `${typed} COLLATE ${collation(column.collation)}`;
}

function value(column: Column, masks: readonly Masking[]): string {
  const whole = masks.find(({ path }) => path === undefined);
  if (whole) return wholeValue(column, whole);
  // A path into anything but jsonb cannot be masked without an error in reach: json and text may hold what jsonb refuses.
  if (column.type !== jsonb) return 'NULL';
  const [first, ...others] = masks as [Masking, ...Masking[]];
  // Each names its document several times: what the others made of it gets a name, lest the text grow with their product.
  return others.reduce(
    (document, mask) => `(SELECT ${pathMasked('masked', mask)} FROM (SELECT ${document}) AS masked (masked))`,
    pathMasked(identifier(column.name), first),
  );
}

function wholeValue({ name, type }: Column, { mask, value: constant, keep }: Masking): string {
  const isText = textTypes.has(type);
  switch (mask) {
    case 'constant':
      return literal(constant ?? '');
    case 'partial':
      return isText ? partial(`${identifier(name)}::pg_catalog.text`, keep) : 'NULL';
    case 'redact':
      return isText ? literal(redacted) : 'NULL';
    case 'null':
      return 'NULL';
  }
}

/** Keeps the ends where something is left to hide between them; else nothing is kept. */
function partial(text: string, { first, last } = { first: 0, last: 0 }): string {
  const length = `pg_catalog.length(${text})`;
  const hidden = `pg_catalog.repeat('*', ${length} OPERATOR(pg_catalog.-) ${first + last})`;
  const ends = [`pg_catalog.left(${text}, ${first})`, hidden, `pg_catalog.right(${text}, ${last})`];
  const isLong = `${length} OPERATOR(pg_catalog.>) ${first + last}`;
  return `CASE WHEN ${isLong} THEN ${ends.join(' OPERATOR(pg_catalog.||) ')} ELSE pg_catalog.repeat('*', ${length}) END`;
}

/**
 * A document without what stands at the path, where it has such a path. An array on the way may hold objects that have it: it is hidden
 * whole. A scalar there would make jsonb_set fail, and holds nothing.
 */
function pathMasked(document: string, mask: Masking): string {
  const path = mask.path ?? [];
  const at = (keys: readonly string[]): string =>
    keys.reduce((inner, key) => `(${inner} OPERATOR(pg_catalog.->) ${literal(key)})`, `(${document})`);
  const kinds = path.map((_, depth) => `pg_catalog.jsonb_typeof(${at(path.slice(0, depth))})`);
  const found = `(${at(path.slice(0, -1))} OPERATOR(pg_catalog.->>) ${literal(path.at(-1) ?? '')})`;
  const set = `pg_catalog.jsonb_set(${document}, ${keysOf(path)}, ${shownInJson(mask, found)}, false)`;
  // The conditions are nested, not joined: AND may be evaluated in any order.
  return kinds.reduceRight((inner, kind, depth) => {
    const is = (name: string): string => `${kind} OPERATOR(pg_catalog.=) '${name}'`;
    const hidden =
      depth === 0 ? noItems : `pg_catalog.jsonb_set(${document}, ${keysOf(path.slice(0, depth))}, ${noItems}, false)`;
    return `CASE WHEN ${is('object')} THEN ${inner} WHEN ${is('array')} THEN ${hidden} ELSE ${document} END`;
  }, set);
}

const noItems = `'[]'::pg_catalog.jsonb`;

const keysOf = (path: readonly string[]): string => `ARRAY[${path.map(literal).join(', ')}]::pg_catalog.text[]`;

function shownInJson({ mask, value: constant, keep }: Masking, found: string): string {
  switch (mask) {
    case 'constant':
      return `pg_catalog.to_jsonb(${literal(constant ?? '')}::pg_catalog.text)`;
    case 'partial':
      return `coalesce(pg_catalog.to_jsonb(${partial(found, keep)}), 'null'::pg_catalog.jsonb)`;
    case 'redact':
      return `pg_catalog.to_jsonb(${literal(redacted)}::pg_catalog.text)`;
    case 'null':
      return `'null'::pg_catalog.jsonb`;
  }
}

// A name may hold a dot: the schema is what stands before the first one, as Postgres' own collations are the rule.
function collation(qualified: string): string {
  const dot = qualified.indexOf('.');
  return `${identifier(qualified.slice(0, dot))}.${identifier(qualified.slice(dot + 1))}`;
}
