import { type Catalog, opaqueRisks, type QualifiedColumn, type Resolved, type ResolvedRelation, type Written } from '#sql';
import { type NamedRelation, readsNoMasked } from './columns.js';
import { guard } from './guard.js';
import { maskedNames, type MaskPlan } from './plan.js';
import { type Refused, refused } from './refusal.js';
import { applySplices, positionMap, type Splice } from './splice.js';
import { maskedReference } from './reference.js';
import { type Token, tokensOf } from './tokens.js';

/** A statement of a text, as it was written and as it was resolved. */
export interface Statement {
  readonly written: Written;
  readonly resolved: Resolved;
}

/** What is to be sent in a text's place. */
export type Masked =
  | {
      readonly kind: 'as-is';
      /** As `touchedBy`; it reads none of them. */
      readonly touches: readonly string[];
    }
  | {
      readonly kind: 'rewritten';
      readonly text: Buffer;
      /** The masked columns of the tables that it reads, `schema.table.column`, sorted. */
      readonly masked: readonly string[];
      /** As `touchedBy`. */
      readonly touches: readonly string[];
      readonly splices: readonly Splice[];
      /** From a position in `text`, as errors give it, to one in what the client sent. */
      readonly positionOf: (position: number) => number;
    }
  | Refused;

/**
 * A statement that reads no masked column goes as it is: so it keeps its indexes, locks and everything that a sub-select has not. For
 * any other, puts a sub-select that yields masked columns in the place of each reference to a table that has some, at its bytes; or
 * says why the text cannot be sent. What is rewritten is to be parsed again and checked with `isFaithful` before it is sent.
 */
export function rewrite(sql: Buffer, statements: readonly Statement[], catalog: Catalog, plan: MaskPlan): Masked {
  const splices: Splice[] = [];
  const reads = new Set<string>();
  const touches = new Set<string>();
  let tokens: readonly Token[] | undefined;
  for (const { written, resolved } of statements) {
    const why = guard(written, resolved, catalog, plan);
    if (why) return why;
    for (const name of touchedBy(resolved, plan)) touches.add(name);
    splices.push(...undefinedCalls(written));
    const named = coveredBy(resolved, plan);
    if (named.length === 0) continue;
    const also = guardUse(resolved, named);
    if (also) return also;
    if (readsNoMasked(written, named, runsUnseen(resolved))) continue;
    const never = guardReading(written, resolved, named) ?? guardQualified(written, resolved, named);
    if (never) return never;
    tokens ??= tokensOf(sql);
    for (const { reference, covered, isBuiltIn } of named) {
      if (reference.access !== 'read') continue;
      const splice = maskedReference(sql, tokens, reference, covered);
      if (!splice)
        return refused(`the reference to ${reference.name} cannot be masked where it stands`, 'Name the table in a plain FROM.');
      if (!isBuiltIn) for (const name of maskedNames(covered)) reads.add(name);
      splices.push(splice);
    }
    splices.push(...unqualified(written, named));
  }
  if (splices.length === 0) return { kind: 'as-is', touches: [...touches].sort() };
  splices.sort((a, b) => a.from - b.from);
  if (splices.some((splice, i) => splice.from < (splices[i - 1]?.to ?? 0)))
    return refused('a masked table within the sample of another cannot be masked', 'Leave out the TABLESAMPLE.');
  return {
    kind: 'rewritten',
    text: applySplices(sql, splices),
    masked: [...reads].sort(),
    touches: [...touches].sort(),
    splices,
    positionOf: positionMap(sql, splices),
  };
}

/**
 * Masked columns of the tables that a statement touches, `schema.table.column`: by its text, by a cascade, by what a commit still has to
 * check, or by code that nobody has seen (a trigger's, a check's). What the server says of it may quote one.
 */
export function touchedBy(resolved: Resolved, plan: MaskPlan): string[] {
  const { facts, act, relations } = resolved;
  const names = new Set([...facts.reads, ...facts.writes]);
  const oids = new Set(relations.map(({ target }) => (target.kind === 'relation' ? target.relation.oid : 0)));
  const ends = (act.kind === 'transaction' && act.command.startsWith('commit')) || facts.verb === 'SET CONSTRAINTS';
  return [...plan.covered].flatMap(([oid, covered]) => {
    const { schema, name } = covered.relation;
    return ends || runsUnseen(resolved) || oids.has(oid) || names.has(`${schema}.${name}`) ? maskedNames(covered) : [];
  });
}

const runsUnseen = ({ facts }: Resolved): boolean => facts.risks.some((risk) => opaqueRisks.has(risk));

/** Calls that write out definitions become others that take the same arguments and give NULL. */
const undefinedCalls = ({ definitions = [] }: Written): Splice[] =>
  definitions.map(({ from, to }) => ({ from, to, text: 'pg_catalog.format(NULL::pg_catalog.text, ' }));

interface Named extends NamedRelation {
  readonly reference: ResolvedRelation['reference'];
  readonly isBuiltIn: boolean;
}

function coveredBy(resolved: Resolved, plan: MaskPlan): Named[] {
  return resolved.relations.flatMap(({ reference, target }) => {
    const covered =
      target.kind === 'relation'
        ? plan.covered.get(target.relation.oid)
        : target.kind === 'built-in'
          ? plan.builtIn.get(`${target.schema}.${target.name}`)
          : undefined;
    return covered
      ? [{ reference, alias: reference.alias ?? reference.name, covered, isBuiltIn: target.kind === 'built-in' }]
      : [];
  });
}

/** What a statement may not do with a table that has masked columns, whatever it reads of it. */
function guardUse({ act }: Resolved, named: readonly Named[]): Refused | undefined {
  const { name } = (named[0] as Named).reference;
  if (act.kind === 'copy' && act.direction === 'to' && !act.query)
    return refused(`${name} cannot be copied whole: it has masked columns`, `Use COPY (SELECT … FROM ${name}) TO STDOUT.`);
  if (named.some(({ reference }) => reference.access === 'lock' || reference.access === 'ddl'))
    return refused(`${name} cannot be locked or changed: it has masked columns`, 'Ask whoever keeps the schema.');
  return undefined;
}

/** Where a statement that may read masked columns cannot be helped by masking what it reads. */
function guardReading(written: Written, { act }: Resolved, named: readonly Named[]): Refused | undefined {
  const { name } = (named[0] as Named).reference;
  const stores = written.modifications.length > 0 || written.verb === 'CREATE TABLE AS';
  if (stores || named.some(({ reference }) => reference.access === 'write'))
    return refused(
      'a statement that writes may not read masked columns, nor whole rows of their tables',
      'Name the columns that you need, without the masked ones, in RETURNING, WHERE and SET.',
    );
  if (written.locking.length > 0)
    return refused(
      `rows of ${name} cannot be locked by a query of masked columns`,
      'Leave out FOR UPDATE, or the masked columns.',
    );
  if (act.kind === 'explain' && act.analyze)
    return refused(`EXPLAIN ANALYZE is not allowed for a query of masked columns`, 'Use EXPLAIN without ANALYZE.');
  return undefined;
}

/** `public.t.column`: a sub-select has an alias alone, so its columns lose the schema. */
function unqualified(written: Written, named: readonly Named[]): Splice[] {
  return qualifiedOf(written, named).map(({ from, to }) => ({ from, to, text: '' }));
}

const qualifiedOf = ({ qualified = [] }: Written, named: readonly Named[]): QualifiedColumn[] =>
  qualified.filter(({ schema, table }) =>
    named.some(({ covered: { relation } }) => relation.schema === schema && relation.name === table),
  );

/** Where another table has the same name, or goes by it, the schema is what tells them apart. */
function guardQualified(written: Written, { relations }: Resolved, named: readonly Named[]): Refused | undefined {
  const ambiguous = qualifiedOf(written, named).find(({ schema, table }) =>
    relations.some(
      ({ reference, target }) =>
        (reference.alias ?? reference.name) === table &&
        !(target.kind === 'relation' && target.relation.schema === schema && target.relation.name === table) &&
        !(target.kind === 'built-in' && target.schema === schema && target.name === table),
    ),
  );
  if (!ambiguous) return undefined;
  const name = `${ambiguous.schema}.${ambiguous.table}`;
  return refused(`a column of ${name} cannot be named with its schema: the table has masked columns`, 'Give the table an alias.');
}
