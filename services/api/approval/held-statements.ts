import { LRUCache } from 'lru-cache';
import type { LogRecordings } from '../log/log-recordings.js';
import type { KnownApproval } from './approvals.js';
import { RequestFailed } from '../problem/problem.js';
import { heldStatement, type HeldStatement } from './held-statement.js';

const notShown: HeldStatement = { sql: null, parameters: null };

/** The statements that approvals are for. What is held never changes, so each is read once. */
export class HeldStatements {
  private readonly known = new LRUCache<string, HeldStatement>({ max: 500 });

  constructor(private readonly log: Pick<LogRecordings, 'recording'>) {}

  /** Read from the log: a projection that is behind must not keep anyone from voting. */
  async of({ approval: { id, held } }: KnownApproval): Promise<HeldStatement> {
    const known = this.known.get(id);
    if (known) return known;
    const found = await this.read(id, held.session);
    if (found) this.known.set(id, found);
    return found ?? notShown;
  }

  private async read(id: string, session: string): Promise<HeldStatement | undefined> {
    try {
      return heldStatement((await this.log.recording(session, ['sql', 'params'])) ?? [], id);
    } catch (error) {
      // One session of great length must not hide what others wait for.
      if (error instanceof RequestFailed && error.code === 'too-large') return notShown;
      throw error;
    }
  }
}
