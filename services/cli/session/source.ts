import type { Recorded } from '#replay';
import type { SessionSummary } from './summary.js';

/** Where sessions are read from. */
export abstract class SessionSource {
  /** Every session, in the order in which they opened. */
  abstract sessions(): Promise<readonly SessionSummary[]>;
  /** The events of one session, in the order of `seq`, each with its parts. Empty where there is no such session. */
  abstract events(session: string): Promise<readonly Recorded[]>;
  abstract close(): Promise<void>;
}
