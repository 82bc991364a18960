import { list, type Node, nodeOf, text } from './tree.js';

/** Options that hold a password, or whatever a foreign server calls its keys. */
const withOptions: Readonly<Record<string, (option: string) => boolean>> = {
  CreateRoleStmt: (option) => option === 'password',
  AlterRoleStmt: (option) => option === 'password',
  CreateUserMappingStmt: () => true,
  AlterUserMappingStmt: () => true,
  CreateForeignServerStmt: () => true,
  AlterForeignServerStmt: () => true,
};

/** Whether a statement has something in a place that is for a secret: a role's password, a user mapping, a subscription's connection. */
export function holdsSecret(tag: string, node: Node): boolean {
  if (tag === 'CreateSubscriptionStmt' || tag === 'AlterSubscriptionStmt') return text(node['conninfo']) !== '';
  const isSecret = withOptions[tag];
  return isSecret !== undefined && list(node['options']).some((item) => isSecret(text(nodeOf(item, 'DefElem')?.['defname'])));
}

/** Whether a text that was not read may hold a password: it has the word. */
export const maySpellSecret = (sql: Uint8Array): boolean => /password/i.test(Buffer.from(sql).toString('latin1'));
