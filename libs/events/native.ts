import { z } from 'zod';
import { Count, envelope, Instant, Micros, Sha256Hex, Text, Uuid } from './envelope.js';

/** A backend of Postgres, and who it serves in its own words. */
const backend = {
  pid: Count,
  /** When the backend began, in whole seconds of the server's clock: with `pid` it is told from all others of its server. */
  start: Instant,
  user: Text.optional(),
  database: Text.optional(),
  application: Text.optional(),
  client: z.strictObject({ host: z.string(), port: Count.optional() }).optional(),
};

/** The proxy made a connection of its own to a target. What Postgres logs of that backend is explained by it. */
export const ProxyConnected = envelope(
  'proxy.connected',
  1,
  z.strictObject({
    target: z.string(),
    database: z.string(),
    login: z.string(),
    /** The pid of the server's backend. */
    backend: Count,
    purpose: z.enum(['session', 'catalog']),
    /** The session that it was made for. It is there also when that session was refused in the end. */
    session: Uuid.optional(),
    /** From the first packet to the server's readiness. */
    us: Micros,
  }),
);

/**
 * A record of Postgres' own log (jsonlog or csvlog), as it was found there. Its whole text is the part `native`: messages and
 * statements hold values.
 */
export const NativeObserved = envelope(
  'native.observed',
  1,
  z.strictObject({
    target: z.string(),
    /** The name that the file had, and where in it the record stands: the bytes [from, to). */
    file: z.string(),
    /** SHA-256 of how the file begins: the same under whatever name, and for every copy. */
    head: Sha256Hex,
    from: Count,
    to: Count,
    format: z.enum(['jsonlog', 'csvlog']),
    /** By the server's clock. Of a record that cannot be read: that of the one before it. */
    time: Instant,
    ...backend,
    pid: Count.optional(),
    start: Instant.optional(),
    /** The number of this record among its backend's. */
    line: Count.optional(),
    /** `client backend`, `autovacuum worker` … */
    backend: z.string().optional(),
    severity: z.string(),
    sqlstate: z.string().optional(),
    /** What it tells: that somebody connected, got in or left, a statement, how long one took, an error, or anything else. */
    tells: z.enum(['connection', 'authorization', 'disconnection', 'statement', 'duration', 'error', 'other', 'unreadable']),
    /** The command tag that the server gives; of a statement that is about to run, its first word. */
    command: z.string().optional(),
    /** Postgres' query identifier, a 64-bit integer. */
    queryId: z.string().optional(),
    us: Micros.optional(),
  }),
);

/** What a backend of Postgres' own log was for. Each backend is explained, or found, once. */
export const NativeExplained = envelope(
  'native.explained',
  1,
  z.strictObject({
    target: z.string(),
    pid: Count,
    start: Instant,
    by: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('session'), session: Uuid }),
      z.strictObject({ kind: z.literal('proxy'), purpose: z.enum(['session', 'catalog']) }),
      /** The name that the configuration gives it. */
      z.strictObject({ kind: z.literal('exception'), name: z.string() }),
    ]),
    /** Ids `<producer>/<pseq>` of the events that it rests on. */
    inputs: z.array(z.string()),
  }),
);

/** A connection, or a statement, that no session of ours and no declared exception explains. */
export const BypassFound = envelope(
  'bypass.found',
  1,
  z.strictObject({
    /** Hash of target, backend and what was found: the same in every run over the same logs. */
    finding: Sha256Hex,
    target: z.string(),
    what: z.enum(['connection', 'statement']),
    ...backend,
    /** When, by the server's clock. */
    time: Instant,
    /** Its command tag, where it is a statement. Its text is a part of the record that it rests on. */
    command: z.string().optional(),
    /** Ids `<producer>/<pseq>` of the records that it rests on. */
    inputs: z.array(z.string()),
  }),
);

/** How far the logs of a target are accounted for. The numbers count from the beginning of its record. */
export const ReconciliationCompleted = envelope(
  'reconciliation.completed',
  1,
  z.strictObject({
    target: z.string(),
    /** By the server's clock: every backend up to here is explained, or found. */
    through: Instant,
    records: Count,
    /** Backends that sessions, and the proxy's own connections, explain. */
    sessions: Count,
    exceptions: Count,
    findings: Count,
    /** Files that cannot be read now, by name. Absent: none. */
    unreadable: z.array(z.string()).optional(),
  }),
);
