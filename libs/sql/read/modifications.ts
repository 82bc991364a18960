import type { Modification, RowEvent } from '../written.js';
import { equalityKeys, qualifiersOf } from './keys.js';
import { list, type Node, nodeOf, text } from './tree.js';

/**
 * What an INSERT, UPDATE, DELETE or MERGE may do.
 * @param target the index of its target among the statement's relations
 */
export function modification(tag: string, node: Node, target: number): Modification {
  const relation = node['relation'] as Node;
  const others = [
    ...list(node['fromClause']),
    ...list(node['usingClause']),
    ...(node['sourceRelation'] === undefined ? [] : [0]),
  ];
  const condition = node['whereClause'] ?? node['joinCondition'];
  return {
    command: tag.replace('Stmt', '').toUpperCase() as Modification['command'],
    events: eventsOf(tag, node),
    target,
    assigned: assignedBy(tag, node),
    keys: tag === 'InsertStmt' ? [] : equalityKeys(condition, qualifiersOf(relation), others.length === 0),
    open: isOpen(node),
    currentOf: nodeOf(node['whereClause'], 'CurrentOfExpr') !== undefined,
  };
}

function assignedBy(tag: string, node: Node): string[] {
  const conflict = node['onConflictClause'] as Node | undefined;
  const branches = list(node['mergeWhenClauses']).map((clause) => nodeOf(clause, 'MergeWhenClause') ?? {});
  const updates = tag === 'UpdateStmt' ? [node] : [...(conflict ? [conflict] : []), ...branches];
  const columns = updates.flatMap((update) =>
    list(update['targetList']).map((item) => text(nodeOf(item, 'ResTarget')?.['name'])),
  );
  return [...new Set(columns)].sort();
}

/** Whether it touches rows of its target that no condition on a key can bound. */
function isOpen(node: Node): boolean {
  const bySource = list(node['mergeWhenClauses']).some(
    (clause) => nodeOf(clause, 'MergeWhenClause')?.['matchKind'] === 'MERGE_WHEN_NOT_MATCHED_BY_SOURCE',
  );
  const conflict = node['onConflictClause'] as Node | undefined;
  const updates = conflict?.['action'] === 'ONCONFLICT_UPDATE';
  const rows = nodeOf(node['selectStmt'], 'SelectStmt');
  return bySource || (updates && rows?.['valuesLists'] === undefined);
}

const mergeEvents: Readonly<Record<string, RowEvent>> = { CMD_INSERT: 'INSERT', CMD_UPDATE: 'UPDATE', CMD_DELETE: 'DELETE' };

function eventsOf(tag: string, node: Node): RowEvent[] {
  switch (tag) {
    case 'UpdateStmt':
      return ['UPDATE'];
    case 'DeleteStmt':
      return ['DELETE'];
    case 'MergeStmt':
      return list(node['mergeWhenClauses']).flatMap(
        (clause) => mergeEvents[text(nodeOf(clause, 'MergeWhenClause')?.['commandType'])] ?? [],
      );
    default:
      return (node['onConflictClause'] as Node | undefined)?.['action'] === 'ONCONFLICT_UPDATE'
        ? ['INSERT', 'UPDATE']
        : ['INSERT'];
  }
}
