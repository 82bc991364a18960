import type { Act, Effect, RelationReference, Written } from '../written.js';
import { effectsOf } from '../verbs.js';
import { actOf } from './act.js';
import { alterDrops } from './dropped.js';
import { QueryReader } from './query.js';
import { References } from './references.js';
import { holdsSecret } from './secrets.js';
import { list, type Node, number, untag } from './tree.js';
import { verbOf } from './verb.js';

/**
 * Reads the facts of every statement off a raw parse tree.
 * @param tree what libpg-query gives for `sql`
 */
export function readStatements(tree: Node, sql: Uint8Array): Written[] {
  return list(tree['stmts']).map((item) => {
    const raw = item as Node;
    const start = number(raw['stmt_location']);
    const length = number(raw['stmt_len']); // left out where the statement runs to the end
    const to = skipBlanksBack(sql, length === 0 ? sql.length : start + length);
    return readStatement(raw['stmt'], sql, Math.min(skipBlanks(sql, start), to), to);
  });
}

/** @param parameterTypes as PREPARE gives them */
function readStatement(
  statement: unknown,
  sql: Uint8Array,
  from: number,
  to: number,
  parameterTypes: readonly unknown[] = [],
): Written {
  const [tag, node] = untag(statement) ?? ['', {}];
  const references = new References(sql).read(tag, node);
  for (const type of parameterTypes) references.read(...(untag(type) ?? ['', {}]));
  const act = actOf(tag, node, (query, types) => readStatement(query, sql, from, to, types));
  const verb = verbOf(tag, node);
  const { relations, modifications, locking, unknown, named } = references;
  return {
    verb,
    from,
    to,
    effects: effects(verb, innerEffects(tag, node, act), act, relations),
    relations,
    functions: named.functions,
    operators: named.operators,
    types: named.types,
    columns: named.columns,
    special: named.specialSyntax,
    modifications,
    where: node['whereClause'] !== undefined,
    limit: node['limitCount'] !== undefined,
    locking,
    act,
    unknown,
    ...(holdsSecret(tag, node) && { secret: true as const }),
    ...(tag === 'SelectStmt' && { query: new QueryReader(references.indexOf).query(node) }),
    ...(references.renames && { renames: true as const }),
    ...(references.qualified.length > 0 && { qualified: references.qualified }),
    ...(references.definitions.length > 0 && { definitions: references.definitions }),
    ...(references.arrays && { arrays: true as const }),
    ...(alterDrops(tag, node) && { drops: true as const }),
    ...(references.assumes.size > 0 && { assumes: [...references.assumes].sort() }),
  };
}

/** What the statement within EXPLAIN ANALYZE, PREPARE or DECLARE does beside touching relations: EXPLAIN ANALYZE CREATE TABLE AS creates. */
function innerEffects(tag: string, node: Node, act: Act): readonly Effect[] {
  if (act.kind === 'prepare' || act.kind === 'declare') return act.inner.effects;
  if (tag !== 'ExplainStmt' || act.kind !== 'explain' || !act.analyze) return [];
  const [innerTag, inner] = untag(node['query']) ?? ['', {}];
  return effectsOf(verbOf(innerTag, inner));
}

function effects(verb: string, inner: readonly Effect[], act: Act, relations: readonly RelationReference[]): Effect[] {
  const found = new Set<Effect>([...effectsOf(verb), ...inner]);
  for (const relation of relations) {
    if (relation.access === 'read' && !relation.cte) found.add('read');
    if (relation.access === 'write') found.add('write');
  }
  if (act.kind === 'copy') {
    found.add(act.direction === 'from' ? 'write' : 'read');
    if (act.end === 'file') found.add('file');
    if (act.end === 'program') found.add('code');
  }
  // An EXPLAIN that does not ANALYZE plans the write and leaves it.
  if (act.kind === 'explain' && !act.analyze) found.delete('write');
  return [...found].sort();
}

const isBlank = (byte: number | undefined): boolean => byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

function skipBlanks(sql: Uint8Array, at: number): number {
  let i = at;
  while (isBlank(sql[i])) i++;
  return i;
}

function skipBlanksBack(sql: Uint8Array, at: number): number {
  let i = at;
  while (i > 0 && isBlank(sql[i - 1])) i--;
  return i;
}
