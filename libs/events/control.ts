import { z } from 'zod';
import { Count, envelope, Instant, Sha256Hex, Uuid } from './envelope.js';
import { By } from './session.js';

export const ProducerStarted = envelope(
  'producer.started',
  1,
  z.strictObject({
    service: z.string(),
    /** Counts the starts of this outbox; persisted, never reused. */
    boot: Count,
    version: z.string(),
    /** The producer of the life before, and the last pseq that its log holds. */
    previous: z.strictObject({ producer: Uuid, pseq: Count }).optional(),
  }),
);
export const ProducerStopped = envelope('producer.stopped', 1, z.strictObject({ reason: z.string() }));

export const PolicyActivated = envelope('policy.activated', 1, z.strictObject({ hash: Sha256Hex, source: z.string() }));

export const CatalogObserved = envelope(
  'catalog.observed',
  1,
  z.strictObject({ database: z.string(), databaseOid: Count, hash: Sha256Hex, target: z.string() }),
);

const vote = z.strictObject({
  approval: Uuid,
  binding: Sha256Hex,
  by: By,
  groups: z.array(z.string()),
  reason: z.string().optional(),
});
export const ApprovalGranted = envelope('approval.granted', 1, vote);
export const ApprovalDenied = envelope('approval.denied', 1, vote);
export const ApprovalWithdrawn = envelope('approval.withdrawn', 1, vote);

export const AccessViewed = envelope(
  'access.viewed',
  1,
  z.strictObject({ by: By, resource: z.string(), session: Uuid.optional(), route: z.string() }),
);
export const ExportCreated = envelope(
  'export.created',
  1,
  z.strictObject({ by: By, format: z.string(), name: z.string(), sha256: Sha256Hex, rows: Count }),
);
export const AlertRaised = envelope(
  'alert.raised',
  1,
  z.strictObject({
    /** Hash of rule, version, key and first event: the same in every run over the same events. */
    alert: Sha256Hex,
    rule: z.string(),
    ruleVersion: Count,
    severity: z.enum(['low', 'medium', 'high', 'critical']),
    title: z.string(),
    principal: By.optional(),
    session: Uuid.optional(),
    /** Ids `<producer>/<pseq>` of the events that it rests on. */
    inputs: z.array(z.string()),
    threshold: z.string(),
    /** The time of the event that completed it. */
    eventTime: Instant,
  }),
);
