import { z } from 'zod';
import type { Gap } from '#compliance';
import { Verdict } from '#events';
import { provenance } from '../projection.js';

const count = z.int().min(0);
const text = z.string().nullable();

const AccessRow = z
  .object({
    issuer: text,
    subject: text,
    kind: text,
    target: text,
    database: z.string(),
    role: text,
    relation: z.string(),
    access: z.enum(['read', 'write']),
    verb: z.string(),
    verdict: Verdict.nullable(),
    statements: count,
    approved: count,
    failed: count,
    unfinished: count,
    masked: count,
    rows: count,
    firstAt: z.int(),
    lastAt: z.int(),
  })
  .meta({ id: 'AccessRow' });

const gapKinds = [
  'session-tail-unknown',
  'session-without-end',
  'session-events-missing',
  'session-bytes-lost',
  'statements-unfinished',
  'producer-not-stopped',
  'producer-events-missing',
  'records-unreadable',
  'not-projected',
] as const satisfies readonly Gap['kind'][];

const ReportGap = z
  .object({
    kind: z.enum(gapKinds),
    /** Of the session, the producer or the partition. */
    id: z.string(),
    subject: text,
    from: z.int().nullable(),
    to: z.int().nullable(),
    count: count.nullable(),
  })
  .meta({ id: 'ReportGap' });

export const AccessReport = z
  .object({
    period: z.object({ since: z.int(), until: z.int() }),
    rows: z.array(AccessRow),
    /** Every statement of the period once, those too that touch no relation. */
    totals: z.object({ sessions: count, statements: count, allowed: count, denied: count, held: count, rows: count }),
    gaps: z.array(ReportGap),
    ...provenance,
  })
  .meta({ id: 'AccessReport' });

export const Export = z
  .object({
    /** SHA-256 of the manifest, in hex. */
    sha256: z.string(),
    files: z.array(z.object({ name: z.string(), text: z.string() })),
  })
  .meta({ id: 'Export' });
