import { z } from 'zod';

export const Count = z.int().min(0);
/** Unix milliseconds, UTC. */
export const Instant = z.int().min(0);
/** Microseconds of the monotonic clock. */
export const Micros = z.int().min(0);
export const Sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const Uuid = z.uuid();
/** Text as it was; bytes that are no UTF-8 are carried as they are, never replaced. */
export const Text = z.union([z.string(), z.strictObject({ b64: z.base64() })]);
export type Text = z.infer<typeof Text>;

/** The kinds of content that never sit in an event. The first five are slices of a session's two streams. */
export const PartName = z.enum(['sql', 'params', 'copy', 'rows', 'wire', 'forwarded', 'policy', 'catalog', 'native']);
export type PartName = z.infer<typeof PartName>;

/** Why the bytes of a part were accounted for, but not kept. */
export const Withheld = z.enum(['cap', 'policy', 'secret']);
export type Withheld = z.infer<typeof Withheld>;

export const Part = z.strictObject({
  alg: z.literal('sha256-salted'),
  /** SHA-256 over label, salt and bytes, in base64. */
  commit: z.base64().length(44),
  len: Count,
  name: PartName,
  withheld: Withheld.optional(),
});
export type Part = z.infer<typeof Part>;

/** Half-open: the bytes [from, to) of one of a session's two streams. */
export const WireRange = z.strictObject({
  /** `c`: accepted from the client, counted from its last authentication message. `s`: handed to it, from the first ReadyForQuery. */
  dir: z.enum(['c', 's']),
  from: Count,
  /** Set where the log was broken: these bytes have neither content nor commitment. */
  lost: z.literal('log').optional(),
  /** The messages that begin here, run-length coded (see MessageRun). */
  msgs: z.string(),
  to: Count,
});
export type WireRange = z.infer<typeof WireRange>;

/** The most that the canonical bytes of an event may take. */
export const eventBytes = 256 * 1024;

export const envelope = <T extends string, D extends z.ZodObject>(type: T, v: number, data: D) =>
  z.strictObject({
    at: Instant,
    data,
    parts: z.array(Part).optional(),
    producer: Uuid,
    pseq: Count,
    seq: Count,
    /** Outside of a session: the producer's own id. */
    session: Uuid,
    type: z.literal(type),
    v: z.literal(v),
    wire: z.array(WireRange).optional(),
  });
