import { z } from 'zod';
import { Count, envelope, Instant, Sha256Hex, Uuid } from './envelope.js';
import { By } from './session.js';

export const LoginSucceeded = envelope(
  'login.succeeded',
  1,
  z.strictObject({
    by: By,
    method: z.string(),
    /** Where from. */
    address: z.string().optional(),
    /** SHA-256 of the one-time code, or of the SAML assertion, that it spent: whoever reads this takes it no more. */
    code: Sha256Hex.optional(),
  }),
);
export const LoginFailed = envelope(
  'login.failed',
  1,
  z.strictObject({ method: z.string(), reason: z.string(), address: z.string().optional() }),
);
export const LoginEnded = envelope(
  'login.ended',
  1,
  z.strictObject({ by: By, reason: z.enum(['logout', 'idle', 'expired', 'idp-logout', 'replaced']) }),
);

/** Somebody guesses: further attempts from there, or for that name, are answered later and later. */
export const LoginThrottled = envelope(
  'login.throttled',
  1,
  z.strictObject({
    /** An address, or the name that was given at start-up. */
    source: z.strictObject({ address: z.string().optional(), user: z.string().optional() }),
    /** Failures in a row. */
    failures: Count,
    delayMs: Count,
  }),
);

export const TokenIssued = envelope(
  'token.issued',
  1,
  z.strictObject({
    /** Its `jti`; never the token. */
    token: z.string(),
    /** Who it stands for. */
    principal: By,
    /** Who asked for it: a person, or the service account itself. */
    by: By,
    grant: z.enum(['saml2-bearer', 'login', 'device', 'service']),
    /** The only target that it is good for; absent: all. */
    target: z.string().optional(),
    expires: Instant,
    /** SHA-256 of the SAML assertion that it was given for, as in login.succeeded. */
    code: Sha256Hex.optional(),
    /** Where from. */
    address: z.string().optional(),
  }),
);
export const TokenRevoked = envelope(
  'token.revoked',
  1,
  z.strictObject({ token: z.string(), by: By, reason: z.string().optional(), expires: Instant.optional() }),
);

/** What a service runs with is not what it ran with before. */
export const ConfigurationChanged = envelope(
  'configuration.changed',
  1,
  z.strictObject({
    service: z.string(),
    what: z.enum(['secret', 'roles', 'issuers', 'configuration']),
    /** Which one: `targets/demo/logins/app`. */
    name: z.string(),
    /** Hashes of its old and its new form, keyed for secrets: they can be told apart by them, not guessed. Absent: there was none, or is none any more. */
    before: Sha256Hex.optional(),
    after: Sha256Hex.optional(),
  }),
);

const connector = { connector: z.string(), target: z.string() };
/** A connector was given a certificate for an enrolment token. */
export const ConnectorEnrolled = envelope(
  'connector.enrolled',
  1,
  z.strictObject({ ...connector, certificate: Sha256Hex, expires: Instant }),
);
export const ConnectorConnected = envelope(
  'connector.connected',
  1,
  z.strictObject({ ...connector, certificate: Sha256Hex, address: z.string(), version: z.string(), link: Uuid }),
);
export const ConnectorDisconnected = envelope(
  'connector.disconnected',
  1,
  z.strictObject({ ...connector, link: Uuid, reason: z.string(), sessions: Count }),
);
