import { z } from 'zod';
import { Count, envelope, Instant, Micros, Sha256Hex, Uuid } from './envelope.js';

/** Who a backend of Postgres served, in its own words. */
const backend = {
  pid: Count.optional(),
  /** When the backend began; Postgres logs whole seconds. */
  start: Instant.optional(),
  user: z.string().optional(),
  database: z.string().optional(),
  application: z.string().optional(),
  client: z.strictObject({ host: z.string(), port: Count.optional() }).optional(),
};

/**
 * A record of Postgres' own log (jsonlog or csvlog), as it was found there. Its whole text is the part `native`: messages and
 * statements hold values.
 */
export const NativeObserved = envelope(
  'native.observed',
  1,
  z.strictObject({
    target: z.string(),
    /** The file by its name, and where in it the record stands: the bytes [from, to). */
    file: z.string(),
    from: Count,
    to: Count,
    format: z.enum(['jsonlog', 'csvlog']),
    /** By the server's clock. */
    time: Instant,
    ...backend,
    /** The number of this line among its backend's. */
    line: Count.optional(),
    /** `client backend`, `autovacuum worker` … */
    backend: z.string().optional(),
    severity: z.string(),
    sqlstate: z.string().optional(),
    /** What it tells: that somebody connected, got in or left, a statement, how long one took, an error, or anything else. */
    tells: z.enum(['connection', 'authorization', 'disconnection', 'statement', 'duration', 'error', 'other']),
    command: z.string().optional(),
    /** Postgres' query identifier, a 64-bit integer. */
    queryId: z.string().optional(),
    us: Micros.optional(),
  }),
);

/** A connection, or a statement, that no session of ours and no declared exception explains. */
export const BypassFound = envelope(
  'bypass.found',
  1,
  z.strictObject({
    /** Hash of target, backend and what was found: the same in every run over the same events. */
    finding: Sha256Hex,
    target: z.string(),
    what: z.enum(['connection', 'statement']),
    ...backend,
    /** When, by the server's clock. */
    time: Instant,
    /** Its command tag, where it is a statement. */
    command: z.string().optional(),
    /** A session of the same backend that does not explain the statement. */
    session: Uuid.optional(),
    /** Ids `<producer>/<pseq>` of the records that it rests on. */
    inputs: z.array(z.string()),
  }),
);

/** How far the logs of a target are accounted for. */
export const ReconciliationCompleted = envelope(
  'reconciliation.completed',
  1,
  z.strictObject({
    target: z.string(),
    /** By the server's clock: everything up to here was read and is explained, or found. */
    through: Instant,
    records: Count,
    sessions: Count,
    exceptions: Count,
    findings: Count,
  }),
);
