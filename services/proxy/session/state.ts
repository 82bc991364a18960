import type { DecidedOn } from '#events';
import type { SessionNames } from '#sql';
import type { Expected, Portal, Prepared } from './running.js';

export type TransactionStatus = 'I' | 'T' | 'E';

/**
 * What something sent may change of all that decisions read: names of statements and cursors, also settings, or also anything else.
 * Each holds those before it.
 */
export type Change = 'nothing' | 'names' | 'settings' | 'anything';

const changes: readonly Change[] = ['nothing', 'names', 'settings', 'anything'];
export const wider = (a: Change, b: Change): Change => (changes.indexOf(a) > changes.indexOf(b) ? a : b);

/** What decisions read of a session, as of the last ReadyForQuery that settled it. */
export class SessionState {
  /** As of the last ReadyForQuery. */
  transaction: TransactionStatus = 'I';
  role: string;
  searchPath: readonly string[];
  temporary: readonly string[] = [];
  readonly prepared = new Map<string, Prepared>();
  readonly portals = new Map<string, Portal>();

  /** What something decided may have changed of what the next decision reads, while its ReadyForQuery has not settled it. */
  unsettled: Change = 'nothing';
  /** What the transaction under way changed: its rollback changes it back. */
  changedInTransaction: Change = 'nothing';
  /** The session made or changed objects since its catalog was read. */
  catalogStale = false;
  /** Counts the changes: what was resolved in an earlier epoch is resolved anew. */
  epoch = 0;

  /** Counts what was sent that changes any of it: what was bound before is executed as something else behind it. */
  changesSent = 0;
  /** Counts what happens to the names of prepared statements. */
  namesEpoch = 0;

  private statements = 0;

  constructor(start: { readonly role: string; readonly searchPath: readonly string[] }) {
    this.role = start.role;
    this.searchPath = start.searchPath;
  }

  names(): SessionNames {
    return { role: this.role, searchPath: this.searchPath, temporary: this.temporary };
  }

  /** What is about to be sent changes this. */
  change(what: Change): void {
    if (what === 'nothing') return;
    this.unsettled = wider(this.unsettled, what);
    this.changesSent++;
  }

  /** A name that was to be made, or taken away, was not: what it stood for before stands again. */
  undo(expected: Expected): void {
    const { prepared } = this;
    const portal = expected.kind === 'tags' ? expected.portal : expected.kind === 'describe' ? expected.of : undefined;
    if (portal && 'described' in portal) portal.described = false;
    if (expected.kind === 'close' && expected.closed && !prepared.has(expected.closed.name))
      prepared.set(expected.closed.name, expected.closed);
    if (expected.kind !== 'parse' || prepared.get(expected.prepared.name) !== expected.prepared) return;
    if (expected.before && expected.prepared.name !== '') prepared.set(expected.before.name, expected.before);
    else prepared.delete(expected.prepared.name);
  }

  decidedOn(catalog: string): DecidedOn {
    return { catalog, role: this.role, searchPath: [...this.searchPath], transaction: this.transaction };
  }

  /** The ids of the next `count` statements: the first is returned. */
  take(count: number): number {
    const n = this.statements;
    this.statements += count;
    return n;
  }

  get taken(): number {
    return this.statements;
  }
}
