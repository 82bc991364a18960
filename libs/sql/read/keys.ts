import { list, names, type Node, nodeOf, text, untag } from './tree.js';

/**
 * The columns of a target that a condition compares with constants or parameters for equality: only comparisons that hold for every row
 * (ANDed at the top), only `=` and short lists of constants, nothing that has to be evaluated. What is bounded by a key reads so.
 * @param qualifiers the names by which the target may be called
 * @param alone whether an unqualified column can only be the target's
 */
export function equalityKeys(condition: unknown, qualifiers: ReadonlySet<string>, alone: boolean): string[] {
  const keys = new Set<string>();
  gather(condition);
  return [...keys].sort();

  function gather(part: unknown): void {
    const [tag, node] = untag(part) ?? [];
    if (node === undefined) return;
    if (tag === 'BoolExpr' && node['boolop'] === 'AND_EXPR') list(node['args']).forEach(gather);
    if (tag !== 'A_Expr' || names(node['name']).join('.') !== '=') return;
    const { lexpr: left, rexpr: right } = node;
    if (node['kind'] === 'AEXPR_OP') {
      if (isConstant(right)) add(left);
      else if (isConstant(left)) add(right);
    } else if (node['kind'] === 'AEXPR_IN' && isShortList(right)) add(left);
  }

  function add(side: unknown): void {
    const column = nodeOf(side, 'ColumnRef');
    if (column === undefined) return;
    const path = names(column['fields']);
    const name = path.at(-1);
    const qualifier = path.at(-2);
    if (name === undefined || name === '*') return;
    if (qualifier === undefined ? alone : qualifiers.has(qualifier)) keys.add(name);
  }
}

/** The names by which a relation of FROM may be called. */
export function qualifiersOf(relation: Node): ReadonlySet<string> {
  const alias = relation['alias'] as Node | undefined;
  return new Set([alias === undefined ? text(relation['relname']) : text(alias['aliasname'])]);
}

/** Beyond this many values a list is no longer a handful of rows. */
const shortList = 100;

const isShortList = (value: unknown): boolean => {
  const items = list(nodeOf(value, 'List')?.['items']);
  return items.length > 0 && items.length <= shortList && items.every(isConstant);
};

function isConstant(value: unknown): boolean {
  const [tag, node] = untag(value) ?? [];
  if (tag === 'ParamRef') return true;
  if (tag === 'A_Const') return node?.['isnull'] !== true;
  return tag === 'TypeCast' && isConstant(node?.['arg']);
}
