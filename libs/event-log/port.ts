import type { Topic } from '#events';

/** One record of the log: canonical event bytes, or a part record. Borrowed until the write that takes it resolves. */
export interface LogRecord {
  readonly topic: Topic;
  /** The session's id, or the producer's: records of one key keep their order. */
  readonly key: string;
  readonly value: Buffer;
}

/** A record as it is read back. */
export interface StoredRecord extends LogRecord {
  /** The outbox's uuid, or the number of a Kafka partition. */
  readonly partition: string;
  /** Contiguous per partition and topic, from 0. */
  readonly offset: number;
}

/** `disk`: survives the machine. `file`: handed to the operating system, survives the process. */
export type Reach = 'disk' | 'file';

/**
 * The writing side of one process's own log. One writer a log, one write at a time: the caller waits for each.
 */
export abstract class LogWriter {
  /** The log's uuid, made with it and kept with it. */
  abstract readonly log: string;
  /** How many times this log was opened for writing, this one included. Persisted. */
  abstract readonly boot: number;
  /**
   * Appends the records, all of them or (to every reader, for ever) none.
   * @throws LogFull when there is no space; LogFailed when the device failed. The next write starts anew and may succeed.
   */
  abstract write(records: readonly LogRecord[], reach: Reach): Promise<void>;
  abstract close(): Promise<void>;
}

/** Where a reader starts, per partition and topic: the first offset that it wants. */
export type From = (topic: Topic, partition: string) => number | Promise<number>;

export interface Consumption {
  /** Names the consumer in diagnostics. In Kafka those who follow under one name share the partitions among them. */
  readonly name: string;
  readonly topics: readonly Topic[];
  readonly from: From;
  /**
   * Records of one partition, of one or more of the topics, in the order of the log; awaited before that partition's next batch.
   * A rejection ends the consumption with that error.
   */
  readonly each: (batch: readonly StoredRecord[]) => Promise<void>;
  /** `follow` goes on until the signal aborts; `end` stops at what was durable when it was called. */
  readonly until: 'follow' | 'end';
  readonly signal: AbortSignal;
}

/** The reading side: every outbox of a data directory, or Kafka. */
export abstract class LogReader {
  /** @throws LogCorrupt with the place, LogGap when records that were to be read are gone */
  abstract consume(consumption: Consumption): Promise<void>;
  abstract close(): Promise<void>;
}

/** A device or file system failed; nothing of the write is in the log. SQLSTATE 58030 (io_error). */
export class LogFailed extends Error {
  override readonly name: string = 'LogFailed';
  readonly sqlstate: '58030' | '53100' = '58030';
}

/** There is no space. SQLSTATE 53100 (disk_full). */
export class LogFull extends LogFailed {
  override readonly name = 'LogFull';
  override readonly sqlstate = '53100';
}

/** Another process holds the log. */
export class LogLocked extends Error {
  override readonly name = 'LogLocked';
  constructor(
    readonly path: string,
    readonly pid: number,
  ) {
    super(`${path} is written by process ${pid}`);
  }
}

/** A record inside the durable range is not what was written. */
export class LogCorrupt extends Error {
  override readonly name = 'LogCorrupt';
  constructor(
    readonly file: string,
    readonly at: number,
    why: string,
  ) {
    super(`${file} at byte ${at}: ${why}`);
  }
}

/** Records that a reader asked for are no longer, or not yet again, there. */
export class LogGap extends Error {
  override readonly name = 'LogGap';
  constructor(
    readonly topic: Topic,
    readonly partition: string,
    readonly wanted: number,
    readonly found: number,
  ) {
    super(`${topic} of ${partition}: offset ${wanted} was to be read, the log goes on at ${found}`);
  }
}
