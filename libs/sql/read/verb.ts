import { constantText, list, type Node, nodeOf, text } from './tree.js';

/** The command that a statement's node stands for, as Postgres names it (its CreateCommandTag, with row locks, SET ROLE … told apart). */
export function verbOf(tag: string, node: Node): string {
  const fixed = fixedVerbs[tag];
  if (fixed !== undefined) return fixed;
  switch (tag) {
    case 'SelectStmt':
      return selectVerb(node);
    case 'CreateTableAsStmt':
      return createTableAsVerb(node);
    case 'DropStmt':
      return `DROP ${objectName(node['removeType'])}`;
    case 'RenameStmt':
      return renameVerb(node);
    case 'AlterTableStmt':
      return `ALTER ${objectName(node['objtype'])}`;
    case 'AlterOwnerStmt':
    case 'AlterObjectSchemaStmt':
    case 'AlterObjectDependsStmt':
      return `ALTER ${objectName(node['objectType'])}`;
    case 'AlterFunctionStmt':
      return `ALTER ${objectName(node['objtype'])}`;
    case 'DefineStmt':
      return `CREATE ${objectName(node['kind'])}`;
    case 'CreateFunctionStmt':
      return node['is_procedure'] === true ? 'CREATE PROCEDURE' : 'CREATE FUNCTION';
    case 'GrantStmt':
      return node['is_grant'] === true ? 'GRANT' : 'REVOKE';
    case 'GrantRoleStmt':
      return node['is_grant'] === true ? 'GRANT ROLE' : 'REVOKE ROLE';
    case 'VacuumStmt':
      return node['is_vacuumcmd'] === true ? 'VACUUM' : 'ANALYZE';
    case 'FetchStmt':
      return node['ismove'] === true ? 'MOVE' : 'FETCH';
    case 'DiscardStmt':
      return text(node['target']).replace('DISCARD_', 'DISCARD ');
    case 'TransactionStmt':
      return transactionVerbs[text(node['kind'])] ?? tag;
    case 'VariableSetStmt':
      return setVerb(node);
    default:
      return tag;
  }
}

const fixedVerbs: Readonly<Record<string, string>> = {
  InsertStmt: 'INSERT',
  UpdateStmt: 'UPDATE',
  DeleteStmt: 'DELETE',
  MergeStmt: 'MERGE',
  TruncateStmt: 'TRUNCATE',
  CopyStmt: 'COPY',
  ExplainStmt: 'EXPLAIN',
  VariableShowStmt: 'SHOW',
  ConstraintsSetStmt: 'SET CONSTRAINTS',
  PrepareStmt: 'PREPARE',
  ExecuteStmt: 'EXECUTE',
  DeallocateStmt: 'DEALLOCATE',
  DeclareCursorStmt: 'DECLARE',
  ClosePortalStmt: 'CLOSE',
  ListenStmt: 'LISTEN',
  UnlistenStmt: 'UNLISTEN',
  NotifyStmt: 'NOTIFY',
  LockStmt: 'LOCK TABLE',
  DoStmt: 'DO',
  CallStmt: 'CALL',
  LoadStmt: 'LOAD',
  CheckPointStmt: 'CHECKPOINT',
  ClusterStmt: 'CLUSTER',
  ReindexStmt: 'REINDEX',
  RefreshMatViewStmt: 'REFRESH MATERIALIZED VIEW',
  CommentStmt: 'COMMENT',
  SecLabelStmt: 'SECURITY LABEL',
  ReassignOwnedStmt: 'REASSIGN OWNED',
  DropOwnedStmt: 'DROP OWNED',
  ImportForeignSchemaStmt: 'IMPORT FOREIGN SCHEMA',
  AlterDefaultPrivilegesStmt: 'ALTER DEFAULT PRIVILEGES',
  CreateStmt: 'CREATE TABLE',
  CreateForeignTableStmt: 'CREATE FOREIGN TABLE',
  ViewStmt: 'CREATE VIEW',
  IndexStmt: 'CREATE INDEX',
  CreateSchemaStmt: 'CREATE SCHEMA',
  CreateSeqStmt: 'CREATE SEQUENCE',
  AlterSeqStmt: 'ALTER SEQUENCE',
  CreatedbStmt: 'CREATE DATABASE',
  AlterDatabaseStmt: 'ALTER DATABASE',
  AlterDatabaseSetStmt: 'ALTER DATABASE',
  AlterDatabaseRefreshCollStmt: 'ALTER DATABASE',
  DropdbStmt: 'DROP DATABASE',
  CreateRoleStmt: 'CREATE ROLE',
  AlterRoleStmt: 'ALTER ROLE',
  AlterRoleSetStmt: 'ALTER ROLE',
  DropRoleStmt: 'DROP ROLE',
  AlterSystemStmt: 'ALTER SYSTEM',
  CreateTableSpaceStmt: 'CREATE TABLESPACE',
  AlterTableSpaceOptionsStmt: 'ALTER TABLESPACE',
  DropTableSpaceStmt: 'DROP TABLESPACE',
  AlterTableMoveAllStmt: 'ALTER TABLE',
  CreateTrigStmt: 'CREATE TRIGGER',
  CreateEventTrigStmt: 'CREATE EVENT TRIGGER',
  AlterEventTrigStmt: 'ALTER EVENT TRIGGER',
  RuleStmt: 'CREATE RULE',
  CreatePolicyStmt: 'CREATE POLICY',
  AlterPolicyStmt: 'ALTER POLICY',
  CreateExtensionStmt: 'CREATE EXTENSION',
  AlterExtensionStmt: 'ALTER EXTENSION',
  AlterExtensionContentsStmt: 'ALTER EXTENSION',
  CreatePLangStmt: 'CREATE LANGUAGE',
  CreateDomainStmt: 'CREATE DOMAIN',
  AlterDomainStmt: 'ALTER DOMAIN',
  CreateEnumStmt: 'CREATE TYPE',
  AlterEnumStmt: 'ALTER TYPE',
  CreateRangeStmt: 'CREATE TYPE',
  CompositeTypeStmt: 'CREATE TYPE',
  AlterTypeStmt: 'ALTER TYPE',
  CreateCastStmt: 'CREATE CAST',
  CreateConversionStmt: 'CREATE CONVERSION',
  CreateTransformStmt: 'CREATE TRANSFORM',
  CreateAmStmt: 'CREATE ACCESS METHOD',
  CreateOpClassStmt: 'CREATE OPERATOR CLASS',
  CreateOpFamilyStmt: 'CREATE OPERATOR FAMILY',
  AlterOpFamilyStmt: 'ALTER OPERATOR FAMILY',
  AlterOperatorStmt: 'ALTER OPERATOR',
  AlterCollationStmt: 'ALTER COLLATION',
  CreateStatsStmt: 'CREATE STATISTICS',
  AlterStatsStmt: 'ALTER STATISTICS',
  AlterTSConfigurationStmt: 'ALTER TEXT SEARCH CONFIGURATION',
  AlterTSDictionaryStmt: 'ALTER TEXT SEARCH DICTIONARY',
  CreateFdwStmt: 'CREATE FOREIGN DATA WRAPPER',
  AlterFdwStmt: 'ALTER FOREIGN DATA WRAPPER',
  CreateForeignServerStmt: 'CREATE SERVER',
  AlterForeignServerStmt: 'ALTER SERVER',
  CreateUserMappingStmt: 'CREATE USER MAPPING',
  AlterUserMappingStmt: 'ALTER USER MAPPING',
  DropUserMappingStmt: 'DROP USER MAPPING',
  CreatePublicationStmt: 'CREATE PUBLICATION',
  AlterPublicationStmt: 'ALTER PUBLICATION',
  CreateSubscriptionStmt: 'CREATE SUBSCRIPTION',
  AlterSubscriptionStmt: 'ALTER SUBSCRIPTION',
  DropSubscriptionStmt: 'DROP SUBSCRIPTION',
};

const transactionVerbs: Readonly<Record<string, string>> = {
  TRANS_STMT_BEGIN: 'BEGIN',
  TRANS_STMT_START: 'START TRANSACTION',
  TRANS_STMT_COMMIT: 'COMMIT',
  TRANS_STMT_ROLLBACK: 'ROLLBACK',
  TRANS_STMT_SAVEPOINT: 'SAVEPOINT',
  TRANS_STMT_RELEASE: 'RELEASE',
  TRANS_STMT_ROLLBACK_TO: 'ROLLBACK',
  TRANS_STMT_PREPARE: 'PREPARE TRANSACTION',
  TRANS_STMT_COMMIT_PREPARED: 'COMMIT PREPARED',
  TRANS_STMT_ROLLBACK_PREPARED: 'ROLLBACK PREPARED',
};

/** From the weakest to the strongest: a query with several takes the strongest. */
export const lockStrengths = ['KEY SHARE', 'SHARE', 'NO KEY UPDATE', 'UPDATE'] as const;

export const lockStrength = (clause: Node): (typeof lockStrengths)[number] => {
  switch (clause['strength']) {
    case 'LCS_FORKEYSHARE':
      return 'KEY SHARE';
    case 'LCS_FORSHARE':
      return 'SHARE';
    case 'LCS_FORNOKEYUPDATE':
      return 'NO KEY UPDATE';
    default:
      return 'UPDATE';
  }
};

function selectVerb(node: Node): string {
  if (intoOf(node) !== undefined) return 'SELECT INTO';
  const locks = list(node['lockingClause']).map((clause) => lockStrength(nodeOf(clause, 'LockingClause') ?? {}));
  const strongest = lockStrengths.findLast((strength) => locks.includes(strength));
  return strongest === undefined ? 'SELECT' : `SELECT FOR ${strongest}`;
}

// INTO belongs to the leftmost SELECT of a set operation.
function intoOf(select: Node): unknown {
  let node: Node | undefined = select;
  while (node !== undefined) {
    if (node['intoClause'] !== undefined) return node['intoClause'];
    node = node['larg'] as Node | undefined;
  }
  return undefined;
}

function createTableAsVerb(node: Node): string {
  if (node['objtype'] === 'OBJECT_MATVIEW') return 'CREATE MATERIALIZED VIEW';
  return node['is_select_into'] === true ? 'SELECT INTO' : 'CREATE TABLE AS';
}

function renameVerb(node: Node): string {
  const type = node['renameType'];
  const within = type === 'OBJECT_COLUMN' || type === 'OBJECT_ATTRIBUTE' ? node['relationType'] : type;
  return `ALTER ${objectName(within)}`;
}

function setVerb(node: Node): string {
  const { kind, name } = node;
  if (name === 'role') return kind === 'VAR_RESET' ? 'RESET' : 'SET ROLE';
  if (name === 'session_authorization') return kind === 'VAR_RESET' ? 'RESET' : 'SET SESSION AUTHORIZATION';
  if (kind === 'VAR_SET_MULTI' && name !== 'SESSION CHARACTERISTICS') return 'SET TRANSACTION';
  return kind === 'VAR_RESET' || kind === 'VAR_RESET_ALL' ? 'RESET' : 'SET';
}

const renamedObjects: Readonly<Record<string, string>> = {
  ATTRIBUTE: 'TYPE',
  COLUMN: 'TABLE',
  DOMCONSTRAINT: 'DOMAIN',
  EVENT_TRIGGER: 'EVENT TRIGGER',
  FDW: 'FOREIGN DATA WRAPPER',
  FOREIGN_SERVER: 'SERVER',
  LARGEOBJECT: 'LARGE OBJECT',
  MATVIEW: 'MATERIALIZED VIEW',
  OPCLASS: 'OPERATOR CLASS',
  OPFAMILY: 'OPERATOR FAMILY',
  STATISTIC_EXT: 'STATISTICS',
  TABCONSTRAINT: 'TABLE',
  TSCONFIGURATION: 'TEXT SEARCH CONFIGURATION',
  TSDICTIONARY: 'TEXT SEARCH DICTIONARY',
  TSPARSER: 'TEXT SEARCH PARSER',
  TSTEMPLATE: 'TEXT SEARCH TEMPLATE',
};

/** `OBJECT_FOREIGN_TABLE` is a FOREIGN TABLE. */
export const objectName = (type: unknown): string => {
  const name = text(type).replace('OBJECT_', '');
  return renamedObjects[name] ?? name.replaceAll('_', ' ');
};

/** Whether an EXPLAIN runs its statement: ANALYZE written last wins. */
export function explainsAnalyze(node: Node): boolean {
  let analyze = false;
  for (const option of list(node['options'])) {
    const element = nodeOf(option, 'DefElem');
    if (element?.['defname'] === 'analyze') analyze = isOn(element['arg']);
  }
  return analyze;
}

function isOn(argument: unknown): boolean {
  if (argument === undefined) return true;
  return !['false', 'off', '0'].includes(constantText(argument).toLowerCase());
}
