import { z } from 'zod';
import type { SessionRow } from '#clickhouse';
import { By } from '#events';
import { provenance } from '../projection.js';
import { actorsOf, Run, runOf } from '../run.js';

const count = z.int().min(0);

/** A session, folded from all of its events. Times are Unix milliseconds. */
export const Session = z
  .object({
    id: z.string(),
    openedAt: z.int(),
    lastAt: z.int(),
    endedAt: z.int().nullable(),
    status: z.enum(['opening', 'open', 'closed', 'refused']),
    /** Whether no end of it is on record. */
    live: z.boolean(),
    principal: z
      .object({
        issuer: z.string(),
        subject: z.string(),
        kind: z.enum(['human', 'agent', 'service']).nullable(),
        groups: z.array(z.string()),
      })
      .nullable(),
    /** Who acts in the principal's name, the present actor first. */
    actors: z.array(By),
    run: Run,
    /** The policy's role by which it got its login. */
    policyRole: z.string().nullable(),
    /** As the client gave it. */
    user: z.string(),
    application: z.string().nullable(),
    client: z.object({ address: z.string(), port: z.int() }),
    login: z.string().nullable(),
    target: z.string().nullable(),
    database: z.string(),
    durability: z.string().nullable(),
    policy: z.string().nullable(),
    backend: z.int().nullable(),
    serverVersion: z.string().nullable(),
    /** Why it was closed or refused. */
    reason: z.string().nullable(),
    detail: z.string().nullable(),
    sqlstate: z.string().nullable(),
    /** `unknown`: its proxy died, and what happened in the last moments is not on record. */
    tail: z.enum(['known', 'unknown']),
    statements: count,
    allowed: count,
    denied: count,
    held: count,
    failed: count,
    masked: count,
    rows: count,
    bytes: count,
    /** Events that the log should hold and does not. */
    missingEvents: count,
    /** Bytes that passed while the log was broken. */
    lostBytes: count,
  })
  .meta({ id: 'Session' });
export type Session = z.infer<typeof Session>;

export const SessionPage = z
  .object({
    items: z.array(Session),
    next: z.string().nullable(),
    /** Read from the log, the list has the newest sessions only; this many older ones are left out. */
    leftOut: count,
    ...provenance,
  })
  .meta({ id: 'SessionPage' });
export type SessionPage = z.infer<typeof SessionPage>;

export const OneSession = z.object({ session: Session, ...provenance }).meta({ id: 'OneSession' });
export type OneSession = z.infer<typeof OneSession>;

/** The row, with what only the projection needs left out. */
export function sessionOf(row: SessionRow): Session {
  const { session: id, clientAddress: address, clientPort: port, tailUnknown, issuer, subject, kind, groups, endedAt } = row;
  return Session.parse({
    ...row,
    id,
    live: endedAt === null,
    principal: issuer === null || subject === null ? null : { issuer, subject, kind, groups },
    actors: actorsOf(row),
    run: runOf(row),
    client: { address, port },
    tail: tailUnknown ? 'unknown' : 'known',
  });
}
