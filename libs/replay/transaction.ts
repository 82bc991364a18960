import { type Draft, doubt, doubtAll, restoreDoubt, settle } from './draft.js';
import type { Level, Portal, Scope, Scoped, Transaction } from './state.js';

/** A statement runs: outside of a block it opens the transaction that ends with the next ReadyForQuery. */
export function enter(draft: Draft): void {
  if (draft.transaction.levels.length === 0) become(draft, draft.transaction.status, [level(draft, null)]);
}

export function begin(draft: Draft): void {
  enter(draft);
  become(draft, 'T', draft.transaction.levels);
}

export function commit(draft: Draft): void {
  draft.scope = withoutLocal(draft.scope);
  endPortals(draft, ({ hold }) => hold);
  become(draft, 'I', []);
  settle(draft, ['savepoints']);
}

export function rollback(draft: Draft): void {
  restore(draft, draft.transaction.levels[0]);
  endPortals(draft, ({ depth }) => depth === 0);
  become(draft, 'I', []);
  settle(draft, ['savepoints']);
}

/** An error: a block is failed until it is rolled back, and what its innermost level changed is undone at once. */
export function fail(draft: Draft): void {
  const { status, levels } = draft.transaction;
  if (status !== 'T' && status !== 'E') {
    rollback(draft);
    return;
  }
  restore(draft, levels.at(-1));
  become(draft, 'E', levels);
}

export function savepoint(draft: Draft, name: string): void {
  become(draft, draft.transaction.status, [...draft.transaction.levels, level(draft, name)]);
}

export function release(draft: Draft, name: string): void {
  const { status, levels } = draft.transaction;
  const at = lastNamed(levels, name);
  if (at < 0) return;
  draft.portals = draft.portals.map((portal) => ({ ...portal, depth: Math.min(portal.depth, at) }));
  become(draft, status, levels.slice(0, at));
}

export function rollbackTo(draft: Draft, name: string): void {
  const { levels } = draft.transaction;
  const at = lastNamed(levels, name);
  if (at < 0) {
    doubt(draft, ['savepoints']);
    return;
  }
  restore(draft, levels[at]);
  draft.portals = draft.portals.filter(({ depth }) => depth <= at);
  become(draft, 'T', levels.slice(0, at + 1));
}

/** ReadyForQuery: the server's own word on the transaction, which ends one that no BEGIN opened. */
export function ready(draft: Draft, status: Transaction['status']): void {
  const { status: folded, levels } = draft.transaction;
  settle(draft, ['transaction']);
  if (status === null) {
    doubt(draft, ['transaction', 'savepoints']);
    become(draft, null, levels);
  } else if (status === 'I') {
    const endedUnseen = folded !== 'I' && levels.length > 0;
    commit(draft);
    if (endedUnseen) doubtAll(draft);
  } else {
    if (folded !== 'T' && folded !== 'E') doubt(draft, ['savepoints']); // its BEGIN was not shown
    enter(draft);
    become(draft, status, draft.transaction.levels);
  }
}

const level = (draft: Draft, name: string | null): Level => ({ savepoint: name, scope: draft.scope, unknown: draft.unknown });

const lastNamed = (levels: readonly Level[], name: string): number => levels.findLastIndex((each) => each.savepoint === name);

function become(draft: Draft, status: Transaction['status'], levels: readonly Level[]): void {
  draft.transaction = { status, levels };
}

function restore(draft: Draft, to: Level | undefined): void {
  if (!to) return;
  draft.scope = to.scope;
  restoreDoubt(draft, to.unknown);
}

function endPortals(draft: Draft, outlives: (portal: Portal) => boolean): void {
  draft.portals = draft.portals.filter(outlives).map((portal) => ({ ...portal, depth: 0 }));
}

const own = <T extends Scoped<unknown>>(scoped: T): T => (scoped.local === null ? scoped : { ...scoped, local: null });

/** What is left when the transaction ends: SET LOCAL and tables that go with their transaction do not outlive it. */
function withoutLocal(scope: Scope): Scope {
  return {
    sessionUser: own(scope.sessionUser),
    role: own(scope.role),
    searchPath: own(scope.searchPath),
    // A setting that only ever had a local value goes back to what it was before anybody saw it.
    settings: scope.settings.map(own).filter(({ value }) => value !== null),
    tempTables: scope.tempTables.filter(({ dropOnCommit }) => !dropOnCommit),
  };
}
