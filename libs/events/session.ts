import { z } from 'zod';
import { Count, envelope, Instant, Micros, Sha256Hex, Text, Uuid } from './envelope.js';

/** Durability of a session's records: what must be on disk before what. */
export const Durability = z.enum(['strict', 'overlap', 'replicated', 'buffered']);
export type Durability = z.infer<typeof Durability>;

/** Someone, by the name that an issuer gave: names and mail addresses live elsewhere. */
export const Principal = z.strictObject({
  groups: z.array(z.string()),
  issuer: z.string(),
  kind: z.enum(['human', 'agent', 'service']),
  subject: z.string(),
});
export type Principal = z.infer<typeof Principal>;

/** A bare reference to a principal. */
export const By = z.strictObject({ issuer: z.string(), subject: z.string() });
export type By = z.infer<typeof By>;
export const isSame = (a: By, b: By): boolean => a.issuer === b.issuer && a.subject === b.subject;

/**
 * What an agent says it is doing: which run, of which conversation, for which tool call, in which trace (W3C Trace Context). `token`:
 * an issuer vouches for it. `startup`, `comment` (sqlcommenter): the client claims it.
 */
const told = z.strictObject({ value: z.string().max(256), by: z.enum(['token', 'startup', 'comment']) });
export const RunContext = z.strictObject({
  run: told.optional(),
  conversation: told.optional(),
  toolCall: told.optional(),
  traceparent: told.optional(),
});
export type RunContext = z.infer<typeof RunContext>;

export const SessionOpened = envelope(
  'session.opened',
  1,
  z.strictObject({
    client: z.strictObject({ address: z.string(), port: Count, tls: z.string().optional() }),
    /** The start-up parameters that the client sent, `user` and `database` aside. */
    parameters: z.array(z.strictObject({ name: Text, value: Text })),
    database: Text,
    /** What the client gave as user; who it is says session.authenticated. */
    user: Text,
  }),
);

export const SessionAuthenticated = envelope(
  'session.authenticated',
  1,
  z.strictObject({
    principal: Principal,
    method: z.enum(['oidc', 'service-token', 'issued-token']),
    /** How the token was handed over. Absent: as a password. */
    sasl: z.literal('OAUTHBEARER').optional(),
    /** Who acts in the principal's name, the present actor first (RFC 8693 4.1). Absent: the principal itself. */
    actors: z.array(By).optional(),
    run: RunContext.optional(),
    /** The policy's role by which it got its login. */
    role: z.string().optional(),
    /** Canonical JSON of the token's claims that the policy's roles read, so that another policy can be asked about the same. */
    claims: z.string().optional(),
    /** The token's id as its issuer knows it; never the token. */
    token: z.string().optional(),
    expires: Instant.optional(),
    /** The database login that the principal's groups map to. */
    login: z.string(),
    target: z.string(),
    database: z.string(),
    durability: Durability,
    policy: Sha256Hex,
  }),
);

export const SessionRefused = envelope(
  'session.refused',
  1,
  z.strictObject({
    reason: z.string(),
    sqlstate: z.string(),
    /** Why the secret was not accepted: a stable code for the operator, which the client is not told. */
    refusal: z.string().optional(),
    stage: z.enum(['startup', 'authentication', 'authorization', 'upstream', 'catalog']),
  }),
);

export const SessionReady = envelope(
  'session.ready',
  1,
  z.strictObject({
    backend: z.int(),
    catalog: Sha256Hex,
    serverVersion: z.string(),
    /** Every ParameterStatus of the start, by name, in the order of names. */
    settings: z.array(z.strictObject({ name: z.string(), value: z.string() })),
    role: z.string(),
    searchPath: z.array(z.string()),
  }),
);

export const SessionClosed = envelope(
  'session.closed',
  1,
  z.strictObject({
    /** Bytes of both streams that this session's events account for. */
    client: Count,
    server: Count,
    reason: z.enum([
      'client-terminated',
      'client-gone',
      'server-gone',
      'connector-gone',
      'token-expired',
      'token-revoked',
      'refused',
      'limit',
      'protocol-error',
      'setting',
      'shutdown',
      'crash',
    ]),
    detail: z.string().optional(),
    statements: Count,
    /** Set by recovery: the session's proxy died; at most its last 50 ms of accounting are unknown. */
    tail: z.literal('unknown').optional(),
    us: Micros.optional(),
  }),
);

export const WireRecorded = envelope(
  'wire.recorded',
  1,
  z.strictObject({
    /** The statement that these bytes belong to, where they belong to one. */
    n: Count.optional(),
  }),
);

export const CancelRequested = envelope(
  'cancel.requested',
  1,
  z.strictObject({
    by: z.enum(['client', 'disconnect', 'limit', 'api']),
    /** The statement under way, where one was. */
    n: Count.optional(),
    /** What came of it: sent to the server, answered here because the statement had not been sent, or nothing to cancel. */
    outcome: z.enum(['sent', 'unsent', 'idle']),
  }),
);

export const SessionTerminated = envelope(
  'session.terminated',
  1,
  z.strictObject({ by: By.optional(), rule: z.string(), session: Uuid.optional() }),
);
