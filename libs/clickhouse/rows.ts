import { z } from 'zod';
import { Time, UInt64 } from './columns.js';

const text = z.string().nullable();
const verdict = z.enum(['allow', 'deny', 'hold']);
const names = z.array(z.string());

/** On whose behalf, and in which run. */
const context = {
  /** Who acts in the principal's name, the present actor first: subjects, and beside them their issuers. */
  actors: names,
  actorIssuers: names,
  /** What is said of the agent's run. */
  run: text,
  conversation: text,
  toolCall: text,
  /** W3C Trace Context. */
  traceparent: text,
  /** Which of these four an issuer vouches for; the others are what the client claims. */
  verified: names,
} as const;

/** One row a session: all of its events, folded. */
export const SessionRow = z.strictObject({
  session: z.string(),
  /** The seq of the last event that is in it. */
  version: UInt64,
  producer: z.string(),
  openedAt: Time,
  lastAt: Time,
  /** Null while it lives, or where its end was not recorded. */
  endedAt: Time.nullable(),
  status: z.enum(['opening', 'open', 'closed', 'refused']),
  clientAddress: z.string(),
  clientPort: z.int(),
  /** As the client gave it; who it is say issuer and subject. */
  user: z.string(),
  application: text,
  issuer: text,
  subject: text,
  kind: z.enum(['human', 'agent', 'service']).nullable(),
  groups: names,
  ...context,
  /** The policy's role by which it got its login. */
  policyRole: text,
  login: text,
  target: text,
  database: z.string(),
  durability: text,
  policy: text,
  backend: z.int().nullable(),
  serverVersion: text,
  /** Why it was closed or refused. */
  reason: text,
  detail: text,
  sqlstate: text,
  /** Its proxy died: the last 50 ms at most are not accounted for. */
  tailUnknown: z.boolean(),
  statements: UInt64,
  allowed: UInt64,
  denied: UInt64,
  held: UInt64,
  failed: UInt64,
  /** Statements that read masked columns. */
  masked: UInt64,
  rows: UInt64,
  bytes: UInt64,
  /** Events that the log should hold and does not. */
  missingEvents: UInt64,
  /** Bytes of both streams that were passed on while the log was broken. */
  lostBytes: UInt64,
});
export type SessionRow = z.infer<typeof SessionRow>;

/** One row a statement: its decisions and its end, folded. */
export const StatementRow = z.strictObject({
  session: z.string(),
  n: UInt64,
  /** The seq of the last event that is in it. */
  version: UInt64,
  producer: z.string(),
  /** When it was first decided, and the seq of that event. */
  at: Time,
  seq: UInt64,
  issuer: text,
  subject: text,
  kind: z.enum(['human', 'agent', 'service']).nullable(),
  ...context,
  target: text,
  database: z.string(),
  role: text,
  form: z.enum(['query', 'parse', 'bind', 'execute', 'call']).nullable(),
  /** The statement whose text it has: itself, the first of its Query, or the one that prepared it. */
  textN: UInt64,
  /** Where it stands in that text, in bytes; null where it is the whole of it. */
  textFrom: UInt64.nullable(),
  textTo: UInt64.nullable(),
  verb: z.string(),
  effects: names,
  reads: names,
  writes: names,
  functions: names,
  unbounded: z.boolean(),
  risks: names,
  masked: names,
  /** Of the last decision. Null where its record is missing. */
  verdict: verdict.nullable(),
  rule: text,
  why: text,
  policy: text,
  approval: text,
  heldUntil: Time.nullable(),
  /** Null: never completed, as far as the log says. */
  outcome: z.enum(['ok', 'error', 'cancelled', 'skipped', 'refused', 'suspended', 'unknown']).nullable(),
  endedAt: Time.nullable(),
  tag: text,
  rows: UInt64,
  bytes: UInt64,
  /** Of its error, or of its refusal. */
  sqlstate: text,
  us: UInt64.nullable(),
});
export type StatementRow = z.infer<typeof StatementRow>;

/** Which event carries the text of a statement: the part `sql` of (producer, pseq). */
export const TextRow = z.strictObject({ session: z.string(), n: UInt64, producer: z.string(), pseq: UInt64 });
export type TextRow = z.infer<typeof TextRow>;

export const AlertRow = z.strictObject({
  alert: z.string(),
  rule: z.string(),
  ruleVersion: UInt64,
  severity: z.enum(['low', 'medium', 'high', 'critical']),
  title: z.string(),
  issuer: text,
  subject: text,
  session: text,
  inputs: names,
  threshold: z.string(),
  eventTime: Time,
});
export type AlertRow = z.infer<typeof AlertRow>;
