import type { Event } from '#events';

/** The SQL text of a statement, as far as the log has it. */
export type SqlText = { readonly kind: 'sql'; readonly sql: Buffer } | Absent;

/**
 * Why there is no text. `none`: such a statement has none. `withheld`: it was not kept. `missing`: its part never came.
 * `unreadable`: its part is not what was committed to, or no message of the protocol. `forgotten`: too many prepared statements.
 */
export interface Absent {
  readonly kind: 'absent';
  readonly why: 'none' | 'withheld' | 'missing' | 'unreadable' | 'forgotten';
}

export const absent = (why: Absent['why']): Absent => ({ kind: 'absent', why });

/** An event with what a record says of its bytes and its parts. */
export interface Recorded {
  readonly event: Event;
  /** SHA-256 of its canonical bytes as the log has them, in hex. */
  readonly sha256: string;
  /** Its event hash, in hex. */
  readonly hash: string;
  /** The text of the Query or Parse that it is about, where it accounts for one. */
  readonly sql?: SqlText;
}
