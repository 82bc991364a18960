import { LRUCache } from 'lru-cache';
import type { LogRecordings } from '../log/log-recordings.js';
import type { KnownApproval } from './approvals.js';
import { heldStatement, type HeldStatement } from './held-statement.js';

/** The statements that approvals are for. What is held never changes, so each is read once. */
export class HeldStatements {
  private readonly known = new LRUCache<string, HeldStatement>({ max: 500 });

  constructor(private readonly log: LogRecordings) {}

  /** Read from the log: a projection that is behind must not keep anyone from voting. */
  async of({ approval: { id, held } }: KnownApproval): Promise<HeldStatement> {
    const known = this.known.get(id);
    if (known) return known;
    const found = heldStatement((await this.log.recording(held.session)) ?? [], id);
    if (found) this.known.set(id, found);
    return found ?? { sql: null, parameters: null };
  }
}
