import type { RelationReference } from '../written.js';
import { list, names, type Node, nodeOf, text } from './tree.js';

const relationKinds = new Set(['TABLE', 'VIEW', 'INDEX', 'SEQUENCE', 'MATVIEW', 'FOREIGN_TABLE'].map((kind) => `OBJECT_${kind}`));
const partKinds = new Set(['COLUMN', 'TABCONSTRAINT', 'TRIGGER', 'RULE', 'POLICY'].map((kind) => `OBJECT_${kind}`));

/** The relations of DROP, COMMENT and SECURITY LABEL, whose names are lists of strings without a position. */
export function droppedRelations(node: Node): RelationReference[] {
  const type = node['removeType'] ?? node['objtype'];
  const isPart = partKinds.has(type as string);
  if (!isPart && !relationKinds.has(type as string)) return [];
  return [...list(node['objects']), node['object']].flatMap((object) => {
    const path = names(nodeOf(object, 'List')?.['items']);
    const [name, schema, database] = (isPart ? path.slice(0, -1) : path).toReversed();
    if (name === undefined) return [];
    return [
      {
        ...(database !== undefined && { database }),
        ...(schema !== undefined && { schema }),
        name,
        access: 'ddl' as const,
        only: false,
        sampled: false,
        modifying: false,
        cte: false,
        temporary: false,
      },
    ];
  });
}

/** What a command of ALTER TABLE takes away: a column, constraint, partition, … A default may be set again, and is no loss of rows. */
const droppingCommand = /^AT_(Drop(Column|Constraint|Expression|Identity|Inherit|NotNull|Of)|DetachPartition)/;

/** Whether an ALTER takes away something that was there. */
export function alterDrops(tag: string, node: Node): boolean {
  switch (tag) {
    case 'AlterTableStmt':
      return list(node['cmds']).some((item) => droppingCommand.test(text(nodeOf(item, 'AlterTableCmd')?.['subtype'])));
    case 'AlterDomainStmt':
      return node['subtype'] === 'X' || node['subtype'] === 'N';
    case 'AlterExtensionContentsStmt':
      return node['action'] === -1;
    case 'AlterOpFamilyStmt':
      return node['isDrop'] === true;
    case 'AlterPublicationStmt':
      return node['action'] === 'AP_DropObjects';
    case 'AlterTSConfigurationStmt':
      return node['kind'] === 'ALTER_TSCONFIG_DROP_MAPPING';
    default:
      return false;
  }
}
