import type { Command } from './command.js';
import { type Draft, doubt, doubtAll, settle } from './draft.js';
import { put, without } from './named.js';
import { noRole, type PreparedStatement, type Scope, type Scoped, type Setting, type TempTable, undone } from './state.js';
import { begin, commit, enter, release, rollback, rollbackTo, savepoint } from './transaction.js';
import { changeSetting, quotedPath } from './settings.js';

/**
 * What a statement left behind in its session, once the server said that it is done.
 * @param command null where its text was not kept
 * @param tag the server's, null where it was not kept
 */
export function complete(draft: Draft, command: Command | null, tag: string | null, opaque: boolean): void {
  enter(draft);
  if (opaque) doubtAll(draft);
  if (command === null) completeUnseen(draft, tag);
  else apply(draft, command, tag);
}

function apply(draft: Draft, command: Command, tag: string | null): void {
  switch (command.kind) {
    case 'begin':
      begin(draft);
      assign(draft, command.modes, 'local');
      return;
    case 'commit':
    case 'rollback':
      // COMMIT in a failed transaction answers ROLLBACK.
      end(draft, command.kind === 'commit' && tag !== 'ROLLBACK' ? commit : rollback, command.chain);
      return;
    case 'savepoint':
      savepoint(draft, command.name);
      return;
    case 'release':
      release(draft, command.name);
      return;
    case 'rollback to':
      rollbackTo(draft, command.name);
      return;
    case 'set':
      assign(draft, command.settings, command.local ? 'local' : 'value');
      return;
    case 'search path':
      draft.scope = changeSetting(draft.scope, 'search_path', assigned(quotedPath(command.path), command.local));
      draft.scope = { ...draft.scope, searchPath: assigned(command.path, command.local)(draft.scope.searchPath) };
      settle(draft, ['search_path']);
      return;
    case 'role':
    case 'session authorization':
      become(draft, command);
      return;
    case 'reset':
      reset(draft, command);
      return;
    case 'prepare':
      prepare(draft, command.name, command.sql);
      return;
    case 'deallocate':
      draft.prepared = command.name === null ? draft.prepared.filter(isUnnamed) : without(draft.prepared, command.name);
      return;
    case 'declare':
      declare(draft, command.name, command.sql, command.hold);
      return;
    case 'fetch':
      fetched(draft, command.name, tag);
      return;
    case 'close':
      draft.portals =
        command.name === null ? draft.portals.filter(({ by }) => by === 'protocol') : without(draft.portals, command.name);
      return;
    case 'discard':
      discard(draft, command.what);
      return;
    case 'create temp':
      tempTables(draft, put(draft.scope.tempTables, { name: command.name, dropOnCommit: command.dropOnCommit }));
      return;
    case 'drop tables':
      tempTables(
        draft,
        draft.scope.tempTables.filter(({ name }) => !command.names.includes(name)),
      );
      return;
    case 'other':
      if (command.opaque) doubtAll(draft);
      return;
  }
}

/** AND CHAIN: the next transaction begins at once, in the modes of this one. */
function end(draft: Draft, how: (draft: Draft) => void, chains: boolean): void {
  const modes = draft.scope.settings.filter(isMode);
  how(draft);
  if (!chains) return;
  begin(draft);
  for (const { name, local } of modes) draft.scope = changeSetting(draft.scope, name, ({ value }) => ({ value, local }));
}

/** The unnamed statement is none that DEALLOCATE or DISCARD knows. */
const isUnnamed = ({ name }: PreparedStatement): boolean => name === '';

/** The transaction's own settings, which no RESET ALL resets. */
const isMode = ({ name, local }: Setting): boolean => name.startsWith('transaction_') && local !== null;

const plain = new Set(['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'MERGE', 'FETCH', 'MOVE', 'COPY', 'SHOW', 'EXPLAIN', 'VALUES']);

/** Without its text only the tag tells, and it does not tell much. */
function completeUnseen(draft: Draft, tag: string | null): void {
  if (tag === 'BEGIN' || tag === 'START TRANSACTION') begin(draft);
  else if (tag === 'COMMIT') commit(draft);
  else if (tag === null || !plain.has(tag.split(' ')[0] ?? '')) {
    doubtAll(draft);
    doubt(draft, ['savepoints']);
  }
}

function assign(draft: Draft, settings: readonly { name: string; value: string }[], to: 'local' | 'value'): void {
  for (const { name, value } of settings) draft.scope = changeSetting(draft.scope, name, assigned(value, to === 'local'));
}

/** SET overrides what SET LOCAL said before it; SET LOCAL leaves the session's own value as it was. */
const assigned =
  <T>(value: T | null, local: boolean) =>
  (before: Scoped<T>): Scoped<T> =>
    local ? { value: before.value, local: value } : { value, local: null };

/** SET SESSION AUTHORIZATION takes a SET ROLE with it. */
function become(draft: Draft, { kind, name, local }: Extract<Command, { kind: 'role' | 'session authorization' }>): void {
  const { scope, start } = draft;
  if (kind === 'role') {
    draft.scope = { ...scope, role: assigned(name ?? noRole, local)(scope.role) };
  } else {
    const sessionUser = assigned(name ?? start.sessionUser.value, local)(scope.sessionUser);
    draft.scope = { ...scope, sessionUser, role: assigned<string>(name === null ? start.role.value : noRole, local)(scope.role) };
  }
  settle(draft, ['role']);
}

function reset(draft: Draft, command: Extract<Command, { kind: 'reset' }>): void {
  const { name, local } = command;
  const { start } = draft;
  if (name === null) {
    const modes = draft.scope.settings.filter(isMode);
    const settings = modes.reduce((list, mode) => put(list, mode), start.settings.slice());
    draft.scope = { ...draft.scope, settings, searchPath: start.searchPath };
    settle(draft, ['search_path', 'settings']);
    return;
  }
  const lower = name.toLowerCase();
  const before = start.settings.find((setting) => setting.name.toLowerCase() === lower)?.value ?? null;
  draft.scope = changeSetting(draft.scope, name, assigned(before, local));
  if (lower !== 'search_path') return;
  draft.scope = { ...draft.scope, searchPath: assigned(start.searchPath.value, local)(draft.scope.searchPath) };
  settle(draft, ['search_path']);
}

function prepare(draft: Draft, name: string, sql: string): void {
  draft.prepared = put(draft.prepared, { name, by: 'sql', n: null, sql, types: [], columns: null, opaque: false });
}

function declare(draft: Draft, name: string, sql: string, hold: boolean): void {
  draft.portals = put(draft.portals, {
    name,
    by: 'cursor',
    n: null,
    statement: null,
    sql,
    hold,
    depth: draft.transaction.levels.length,
    columns: null,
    formats: null,
    opaque: false,
    rows: 0,
  });
}

function fetched(draft: Draft, cursor: string, tag: string | null): void {
  const rows = Number(/^FETCH (\d+)$/.exec(tag ?? '')?.[1] ?? 0);
  draft.portals = draft.portals.map((portal) => (portal.name === cursor ? { ...portal, rows: portal.rows + rows } : portal));
}

function discard(draft: Draft, what: 'all' | 'temp' | 'other'): void {
  if (what === 'other') return;
  tempTables(draft, []);
  settle(draft, ['temp tables']);
  if (what === 'temp') return;
  const { start } = draft;
  draft.portals = [];
  draft.prepared = draft.prepared.filter(isUnnamed);
  draft.scope = start;
  settle(draft, ['portals', 'prepared', ...undone]);
  commit(draft); // it runs in no transaction but its own, which ends with it, in a pipeline too
}

function tempTables(draft: Draft, tables: readonly TempTable[]): void {
  const scope: Scope = { ...draft.scope, tempTables: tables };
  draft.scope = scope;
}
