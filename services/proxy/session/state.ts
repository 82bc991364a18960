import type { DecidedOn } from '#events';
import type { SessionNames } from '#sql';
import type { Portal, Prepared } from './running.js';

export type TransactionStatus = 'I' | 'T' | 'E';

/** What decisions read of a session, as of the last ReadyForQuery that settled it. */
export class SessionState {
  /** As of the last ReadyForQuery. */
  transaction: TransactionStatus = 'I';
  role: string;
  searchPath: readonly string[];
  temporary: readonly string[] = [];
  readonly prepared = new Map<string, Prepared>();
  readonly portals = new Map<string, Portal>();

  /** Set while something sent may have changed what the next decision reads, and its ReadyForQuery has not settled it. */
  unsettled = false;
  /** The transaction under way changed such state: its rollback changes it back. */
  changedInTransaction = false;
  /** The session made or changed objects since its catalog was read. */
  catalogStale = false;
  /** Counts the changes: what was resolved in an earlier epoch is resolved anew. */
  epoch = 0;

  /** Counts what happens to the names of prepared statements. */
  namesEpoch = 0;

  /** Counts the statements sent that may change what decisions read, from the moment they are sent. */
  changes = 0;

  private statements = 0;

  constructor(start: { readonly role: string; readonly searchPath: readonly string[] }) {
    this.role = start.role;
    this.searchPath = start.searchPath;
  }

  names(): SessionNames {
    return { role: this.role, searchPath: this.searchPath, temporary: this.temporary };
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
