import type { Act, Setting, TransactionCommand, Written } from '../written.js';
import { constantText, list, type Node, nodeOf, text, untag } from './tree.js';
import { explainsAnalyze } from './verb.js';

/**
 * What a statement does to its session.
 * @param readInner reads the query that PREPARE or DECLARE holds, with the types that PREPARE gives its parameters
 */
export function actOf(tag: string, node: Node, readInner: (query: unknown, parameterTypes: readonly unknown[]) => Written): Act {
  switch (tag) {
    case 'VariableSetStmt':
      return setAct(node);
    case 'VariableShowStmt':
      return { kind: 'show', name: text(node['name']).toLowerCase() };
    case 'DiscardStmt':
      return { kind: 'discard', what: discardKinds[text(node['target'])] ?? 'all' };
    case 'PrepareStmt':
      return { kind: 'prepare', name: text(node['name']), inner: readInner(node['query'], list(node['argtypes'])) };
    case 'ExecuteStmt':
      return { kind: 'execute', name: text(node['name']) };
    case 'CreateTableAsStmt': {
      const execute = nodeOf(node['query'], 'ExecuteStmt'); // CREATE TABLE t AS EXECUTE p
      return execute === undefined ? { kind: 'plain' } : { kind: 'execute', name: text(execute['name']) };
    }
    case 'DeallocateStmt':
      return { kind: 'deallocate', ...(node['name'] !== undefined && { name: text(node['name']) }) };
    case 'DeclareCursorStmt':
      return { kind: 'declare', name: text(node['portalname']), hold: isHoldable(node), inner: readInner(node['query'], []) };
    case 'FetchStmt':
      return { kind: 'fetch', name: text(node['portalname']), move: node['ismove'] === true };
    case 'ClosePortalStmt':
      return { kind: 'close', ...(node['portalname'] !== undefined && { name: text(node['portalname']) }) };
    case 'CopyStmt':
      return {
        kind: 'copy',
        direction: node['is_from'] === true ? 'from' : 'to',
        end: node['filename'] === undefined ? 'client' : node['is_program'] === true ? 'program' : 'file',
        query: node['query'] !== undefined,
      };
    case 'TransactionStmt':
      return transactionAct(node);
    case 'ListenStmt':
      return { kind: 'listen', channel: text(node['conditionname']) };
    case 'NotifyStmt':
      return { kind: 'notify', channel: text(node['conditionname']) };
    case 'UnlistenStmt':
      return { kind: 'unlisten', ...(node['conditionname'] !== undefined && { channel: text(node['conditionname']) }) };
    case 'ExplainStmt':
      return explainAct(node);
    default:
      return { kind: 'plain' };
  }
}

const discardKinds: Readonly<Record<string, 'all' | 'plans' | 'sequences' | 'temp'>> = {
  DISCARD_ALL: 'all',
  DISCARD_PLANS: 'plans',
  DISCARD_SEQUENCES: 'sequences',
  DISCARD_TEMP: 'temp',
};

const cursorHold = 0x0020; // CURSOR_OPT_HOLD

const isHoldable = (node: Node): boolean => (Number(node['options']) & cursorHold) !== 0;

function setAct(node: Node): Act {
  const name = text(node['name']).toLowerCase();
  const local = node['is_local'] === true;
  switch (node['kind']) {
    case 'VAR_RESET_ALL':
      return { kind: 'reset-all' };
    case 'VAR_RESET':
    case 'VAR_SET_DEFAULT':
      return { kind: 'reset', name, local };
    case 'VAR_SET_CURRENT':
      return { kind: 'set', name, values: ['CURRENT'], local };
    case 'VAR_SET_MULTI':
      return { kind: 'set', name, values: modes(node['args']).map((mode) => `${mode.name}=${mode.value}`), local };
    default:
      return { kind: 'set', name, values: list(node['args']).map(constantText), local };
  }
}

function modes(options: unknown): Setting[] {
  return list(options).flatMap((option) => {
    const [tag, node] = untag(option) ?? [];
    if (tag !== 'DefElem' || node === undefined) return [];
    return [{ name: text(node['defname']), value: constantText(node['arg']) }];
  });
}

const commands: Readonly<Record<string, TransactionCommand>> = {
  TRANS_STMT_BEGIN: 'begin',
  TRANS_STMT_START: 'begin',
  TRANS_STMT_COMMIT: 'commit',
  TRANS_STMT_ROLLBACK: 'rollback',
  TRANS_STMT_SAVEPOINT: 'savepoint',
  TRANS_STMT_RELEASE: 'release',
  TRANS_STMT_ROLLBACK_TO: 'rollback-to',
  TRANS_STMT_PREPARE: 'prepare',
  TRANS_STMT_COMMIT_PREPARED: 'commit-prepared',
  TRANS_STMT_ROLLBACK_PREPARED: 'rollback-prepared',
};

function transactionAct(node: Node): Act {
  const plain = commands[text(node['kind'])] ?? 'rollback';
  const chained = node['chain'] === true && (plain === 'commit' || plain === 'rollback');
  const name = node['savepoint_name'] ?? node['gid'];
  return {
    kind: 'transaction',
    command: chained ? `${plain}-and-chain` : plain,
    ...(name !== undefined && { name: text(name) }),
    modes: modes(node['options']),
  };
}

function explainAct(node: Node): Act {
  const analyze = explainsAnalyze(node);
  const execute = nodeOf(node['query'], 'ExecuteStmt'); // EXPLAIN EXECUTE p
  return execute === undefined ? { kind: 'explain', analyze } : { kind: 'explain', analyze, executes: text(execute['name']) };
}
