import type { Durability, EventOf, Principal, StatementFacts } from '#events';
import type { SqlText } from './recorded.js';

/** Who a statement came from and where it went. Absent is what the log did not say before it. */
export interface SessionFacts {
  readonly id: string;
  /** Unix milliseconds. */
  readonly openedAt?: number;
  readonly client?: { readonly address: string; readonly port: number };
  readonly principal?: Principal;
  /** The token's id, never the token. */
  readonly token?: string;
  readonly login?: string;
  readonly target?: string;
  readonly database?: string;
  readonly durability?: Durability;
}

type Decision = EventOf<'statement.decided'>['data'];

/** One statement of a decision: a Query string of several gives one each. */
export interface DecidedStatement {
  readonly n: number;
  readonly at: number;
  readonly decision: Omit<Decision, 'statements'>;
  /** Absent where its text could not be analysed. */
  readonly facts?: StatementFacts;
  /** Its own text, cut out of the string that it came in. */
  readonly text: SqlText;
}

/** The event that ended a statement. */
export interface EndingEvent {
  /** `<producer>/<pseq>`. */
  readonly id: string;
  readonly type: string;
  readonly seq: number;
  readonly at: number;
  readonly sha256: string;
  readonly hash: string;
}

/** A statement of which nothing more is to be said. */
export interface EndedStatement {
  readonly session: SessionFacts;
  readonly n: number;
  /** Absent where the decision is not on record. */
  readonly decided?: DecidedStatement;
  /** Absent where it was denied, or its session ended before it did. */
  readonly completion?: EventOf<'statement.completed'>['data'];
  readonly by: EndingEvent;
}
