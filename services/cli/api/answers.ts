import { z } from 'zod';
import type { Event, EventOf, EventType, Text } from '#events';
import type { Result, SessionState, Step } from '#replay';

/** Of what the api answers, the members that the command line shows. JSON is handed on whole. */

const Told = z.object({ value: z.string(), verified: z.boolean() }).nullable();

export const Session = z.looseObject({
  id: z.string(),
  openedAt: z.int(),
  live: z.boolean(),
  principal: z.looseObject({ subject: z.string(), kind: z.string().nullable() }).nullable(),
  actors: z.array(z.object({ issuer: z.string(), subject: z.string() })),
  run: z.object({ run: Told, conversation: Told, toolCall: Told, traceparent: Told }),
  user: z.string(),
  target: z.string().nullable(),
  database: z.string(),
  status: z.string(),
  reason: z.string().nullable(),
  sqlstate: z.string().nullable(),
  tail: z.enum(['known', 'unknown']),
  statements: z.int(),
  denied: z.int(),
  held: z.int(),
  rows: z.int(),
});
export type Session = z.infer<typeof Session>;

export const Statement = z.looseObject({
  session: z.string(),
  n: z.int(),
  at: z.int(),
  seq: z.int(),
  subject: z.string().nullable(),
  verb: z.string(),
  verdict: z.enum(['allow', 'deny', 'hold']).nullable(),
  rule: z.string().nullable(),
  outcome: z.string().nullable(),
  tag: z.string().nullable(),
  rows: z.int(),
  sql: z.string().nullable(),
});
export type Statement = z.infer<typeof Statement>;

const By = z.object({ issuer: z.string(), subject: z.string() });
const Content = z.union([z.string(), z.object({ b64: z.string() })]) satisfies z.ZodType<Text>;

export const Approval = z.looseObject({
  id: z.string(),
  outcome: z.string(),
  session: z.string(),
  n: z.int(),
  principal: By.nullable(),
  approvers: z.array(z.string()),
  quorum: z.int(),
  binding: z.string(),
  mode: z.enum(['wait', 'retry']),
  until: z.int(),
  rule: z.string().nullable(),
  sql: Content.nullable(),
  parameters: z.array(z.union([z.null(), z.string(), z.object({ hex: z.string() })])).nullable(),
  votes: z.array(z.looseObject({ kind: z.string(), by: By, reason: z.string().nullable() })),
});
export type Approval = z.infer<typeof Approval>;

/** A step as the api gives it. */
export interface ShownStep {
  readonly seq: number;
  readonly at: number;
  readonly hash: string;
  readonly decision: Step['decision'];
  readonly sql: Text | null;
  readonly results: readonly ShownResult[];
  readonly state: ShownState;
  /** Content was left out: the caller's roles do not see it. */
  readonly redacted: boolean;
}
export type ShownState = Omit<SessionState, 'pending' | 'open'> & { readonly pending: readonly { readonly kind: string }[] };
export type ShownResult = Omit<Result, 'absent'> & {
  readonly absent: readonly { readonly count: number; readonly why: Result['absent'][number]['why'] | 'role' }[];
};
/** What the event of a step says. */
export type Said = { [T in EventType]: { readonly type: T; readonly data: EventOf<T>['data'] } }[Event['type']];

export type StepAnswer = ShownStep & Said;

/** What is in a step is as `#replay` has it: only that it is a step is checked here. */
export const StepAnswer = z
  .looseObject({
    seq: z.int(),
    at: z.int(),
    type: z.string(),
    hash: z.string(),
    data: z.looseObject({}),
    state: z.looseObject({}),
  })
  .transform((step) => step as unknown as StepAnswer);
