import type { Event } from '#events';

/** A record for whoever reads a SIEM topic. */
export interface SiemRecord {
  /** The session: records of one session keep their order. */
  readonly key: string;
  /** JSON. */
  readonly value: Buffer;
  readonly source: Source;
}

/** An event that waits for its turn in its partition. */
export interface Waiting {
  readonly event: Event;
  readonly bytes: Buffer;
  readonly source: Source;
}

/** The event that a record was made from, and where the event log has it. An event may give several records. */
export interface Source {
  readonly session: string;
  readonly pseq: number;
  readonly partition: string;
  readonly offset: number;
}

/**
 * Where records go. At least once: a record that comes again after a crash
 * has the same `metadata.uid`.
 */
export abstract class RecordSink {
  /** Finds out what earlier lives have written. Called once, before the first `write`. */
  abstract resume(): Promise<void>;
  /** Whether this event, and all of its session before it, are done with: what they give is written. */
  abstract isWritten(source: Source): boolean;
  /** Resolves when the records are durable: all of an event's, in the order of their sources. One write at a time. */
  abstract write(records: readonly SiemRecord[]): Promise<void>;
  abstract close(): Promise<void>;
}
