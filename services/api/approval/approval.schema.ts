import { z } from 'zod';
import { outcomeOf } from '#approvals';
import { By, StatementFacts, Text } from '#events';
import { provenance } from '../projection.js';
import type { KnownApproval } from './approvals.js';
import type { HeldStatement } from './held-statement.js';

const outcomes = ['waiting', 'granted', 'denied', 'expired', 'consumed', 'withdrawn'] as const;

/** A statement that was held for a human. Times are Unix milliseconds. */
export const Approval = z
  .object({
    id: z.string(),
    /** `consumed`: the statement ran under it. Only one ever does. */
    outcome: z.enum(outcomes),
    session: z.string(),
    n: z.int(),
    /** The step of the session that asked for it last. */
    seq: z.int(),
    /** Who asked, and may never vote on it. */
    principal: By.nullable(),
    /** Who acts in its name, the present actor first. */
    actors: z.array(By),
    /** Groups whose members may vote. */
    approvers: z.array(z.string()),
    quorum: z.int(),
    /** SHA-256 over all that a vote is for. */
    binding: z.string(),
    /** `wait`: the client waits. `retry`: it was told to send the same again once granted. */
    mode: z.enum(['wait', 'retry']),
    since: z.int(),
    until: z.int(),
    rule: z.string().nullable(),
    reason: z.string().nullable(),
    role: z.string().nullable(),
    searchPath: z.array(z.string()),
    statements: z.array(StatementFacts),
    /** Null where it was not kept, or the caller's roles do not see it. */
    sql: Text.nullable(),
    parameters: z.array(z.union([z.null(), z.string(), z.object({ hex: z.string() })])).nullable(),
    votes: z.array(
      z.object({
        kind: z.enum(['granted', 'denied', 'withdrawn']),
        by: By,
        reason: z.string().nullable(),
        at: z.int(),
        event: z.string(),
      }),
    ),
    consumed: z.object({ session: z.string(), n: z.int(), at: z.int() }).nullable(),
  })
  .meta({ id: 'Approval' });
export type Approval = z.infer<typeof Approval>;

export const ApprovalPage = z
  .object({ items: z.array(Approval), next: z.string().nullable(), ...provenance })
  .meta({ id: 'ApprovalPage' });
export const OneApproval = z.object({ approval: Approval, ...provenance }).meta({ id: 'OneApproval' });

export const Vote = z
  .strictObject({
    reason: z
      .string()
      .max(2000)
      .refine((text) => !/\p{Cs}/u.test(text), 'has half of a character in it')
      .optional(),
    /** What the voter was shown. A vote on anything else is refused. */
    binding: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
  })
  .default({})
  .meta({ id: 'Vote' });
export type Vote = z.infer<typeof Vote>;

/** @param statement undefined where the caller does not see it */
export function approvalOf(
  { approval, decision, seq }: KnownApproval,
  statement: HeldStatement | undefined,
  now: number,
): Approval {
  const { id, held, votes, consumed } = approval;
  const { session, n, asker, approvers, quorum, binding, mode, since, until } = held;
  return {
    ...{
      id,
      outcome: outcomeOf(approval, now),
      session,
      n,
      seq,
      principal: asker?.principal ?? null,
      actors: [...(asker?.actors ?? [])],
    },
    ...{ approvers: [...approvers], quorum },
    ...{ binding, mode, since, until, consumed },
    rule: decision?.rule ?? null,
    reason: decision?.reason ?? null,
    role: decision?.on.role ?? null,
    searchPath: decision?.on.searchPath ?? [],
    statements: decision?.statements ?? [],
    sql: statement?.sql ?? null,
    parameters: statement?.parameters ? [...statement.parameters] : null,
    votes: votes.map(({ kind, by, reason, at, event }) => ({ kind, by, reason, at, event })),
  };
}
