import { z } from 'zod';
import { Durability, Principal } from '#events';
import { risks, verbs } from '#sql';
import { longestExpression } from './cel/expression.js';

/** A list of alternatives: without any it would say nothing. */
const anyOf = <T extends z.ZodType>(item: T) => z.array(item).min(1, 'an empty list never matches');

const word = z.string().min(1);
const effect = z.enum(['read', 'write', 'ddl', 'privilege', 'code', 'file', 'network', 'session', 'transaction']);
const verb = z.string().refine((text) => verbs.has(text), 'no command of Postgres by this name');
const risk = z.string().refine((text) => risks.has(text), 'no risk by this name');
const riskOrAny = z.string().refine((text) => text === '*' || risks.has(text), 'no risk by this name, and * is any');
const glob = z.string().regex(/^[^\s]+$/, 'a name, in which * stands for anything');

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'a name of small letters, digits, hyphens and underscores');

const duration = z
  .string()
  .regex(/^\d{1,6}(ms|s|m|h)$/, 'a duration like 45s, 15m or 2h')
  .transform(milliseconds);

/** A condition in CEL: https://cel.dev. */
const expression = z.string().min(1).max(longestExpression, `longer than ${longestExpression} characters`);

/** What a rule asks of a statement: all of it has to hold. A list is satisfied by any of its items, unless it says otherwise. */
export const When = z.strictObject({
  groups: anyOf(word).optional(),
  subjects: anyOf(word).optional(),
  kinds: anyOf(Principal.shape.kind).optional(),
  /** Subjects of those who act in the principal's name. */
  actors: anyOf(glob).optional(),
  /** The statement says which run it belongs to; `verified`: an issuer vouches for it. */
  run: z.enum(['required', 'verified']).optional(),
  targets: anyOf(glob).optional(),
  databases: anyOf(glob).optional(),
  verbs: anyOf(verb).optional(),
  effects: anyOf(effect).optional(),
  /** Every effect of the statement is among these. */
  onlyEffects: anyOf(effect).optional(),
  /** `schema.name` of what is read or written. */
  relations: anyOf(glob).optional(),
  reads: anyOf(glob).optional(),
  writes: anyOf(glob).optional(),
  /** Every relation read or written matches one of these. */
  allRelations: anyOf(glob).optional(),
  functions: anyOf(glob).optional(),
  settings: anyOf(glob).optional(),
  unbounded: z.boolean().optional(),
  /** `*` is any. */
  risks: anyOf(riskOrAny).optional(),
  /** Every risk of the statement is among these; an empty list asks for none. */
  onlyRisks: z.array(risk).optional(),
  /** CEL over `principal`, `actors`, `run`, `target`, `database` and `statement`. */
  cel: expression.optional(),
});
export type When = z.infer<typeof When>;

export const Hold = z.strictObject({
  /** Groups whose members may vote. */
  approvers: anyOf(word),
  quorum: z.int().min(1).default(1),
  /** How long a client waits before it is told to retry. */
  wait: duration.default(45_000),
  /** How long an approval may be given and used. */
  expires: duration.default(900_000),
  mode: z.enum(['wait', 'retry']).default('wait'),
});

const ruleBase = {
  name,
  when: When.optional(),
  reason: z.string().min(1).optional(),
  /** More than the target's own class, never less. */
  durability: Durability.exclude(['buffered']).optional(),
};

export const Rule = z.discriminatedUnion(
  'then',
  [
    z.strictObject({ ...ruleBase, then: z.literal('allow') }),
    z.strictObject({ ...ruleBase, then: z.literal('deny') }),
    z.strictObject({ ...ruleBase, then: z.literal('hold'), hold: Hold }),
  ],
  oneOf('allow, deny, hold'),
);
/** For a rule whose `then` is none of these: what can be said of it all the same. */
export const RuleOfAnyKind = z.strictObject({ ...ruleBase, then: z.unknown(), hold: Hold.optional() });
export type Rule = z.infer<typeof Rule>;

/** Who may come in, and as what: all of it has to hold. */
export const Role = z
  .strictObject({
    /** What a session in this role may call itself beside the principal's own name; its login, where it has none. */
    name: name.optional(),
    /** May be left out where `when` says who. */
    groups: anyOf(word).optional(),
    subjects: anyOf(word).optional(),
    issuer: word.optional(),
    /** CEL over `claims`, `principal`, `actors`, `target` and `database`. */
    when: expression.optional(),
    target: word,
    databases: anyOf(glob),
    /** The login at the target that such a session runs as. */
    login: word,
    /** Roles of the database that it may change to by SET ROLE, where the rules allow that, too. Without it: none. */
    mayAssume: anyOf(z.string().regex(/^[^\s*]+$/, 'the name of a role')).optional(),
  })
  .refine(({ groups, when }) => groups !== undefined || when !== undefined, {
    path: ['groups'],
    error: 'is missing: name groups, or say who by when',
  });
export type Role = z.infer<typeof Role>;

const maskBase = {
  target: word.optional(),
  database: word.optional(),
  column: z
    .string()
    .regex(/^[^.\s]+\.[^.\s]+\.[^.\s]+$/, 'schema.table.column')
    .transform(columnOf),
  /** Keys into a JSON column. */
  path: anyOf(word).optional(),
  exempt: z.strictObject({ groups: anyOf(word) }).optional(),
};

export const Mask = z.discriminatedUnion(
  'mask',
  [
    z.strictObject({ ...maskBase, mask: z.literal('redact') }),
    // YAML reads a bare null as no value.
    z.strictObject({ ...maskBase, mask: z.union([z.literal('null'), z.null()]).transform(() => 'null' as const) }),
    z.strictObject({ ...maskBase, mask: z.literal('constant'), value: z.string() }),
    z.strictObject({
      ...maskBase,
      mask: z.literal('partial'),
      /** Characters kept at either end. */
      keep: z.strictObject({ first: z.int().min(0).default(0), last: z.int().min(0).default(0) }),
    }),
  ],
  oneOf('redact, null, constant, partial'),
);
export const MaskOfAnyKind = z.strictObject({
  ...maskBase,
  mask: z.unknown(),
  value: z.unknown().optional(),
  keep: z.unknown().optional(),
});
export type Mask = z.infer<typeof Mask>;

export const PolicyFile = z.strictObject({
  /** The format's own number. */
  version: z.literal(1).default(1),
  roles: z.array(Role).default([]),
  rules: z.array(Rule).default([]),
  masks: z.array(Mask).default([]),
});
export type PolicyFile = z.infer<typeof PolicyFile>;

/** The keys that may stand at a place of the file. */
export function keysAt([list, , inner]: readonly (string | number)[]): string[] {
  switch (inner ?? list) {
    case 'roles':
      return Object.keys(Role.shape);
    case 'rules':
      return Object.keys(RuleOfAnyKind.shape);
    case 'masks':
      return Object.keys(MaskOfAnyKind.shape);
    case 'when':
      return Object.keys(When.shape);
    case 'hold':
      return Object.keys(Hold.shape);
    case undefined:
      return Object.keys(PolicyFile.shape);
    default:
      return [];
  }
}

/** The schema library would list what it expects by its own words. */
function oneOf(kinds: string): { error: (issue: { readonly code: string }) => string | undefined } {
  return { error: ({ code }) => (code === 'invalid_union' ? `is one of ${kinds}` : undefined) };
}

function milliseconds(text: string): number {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const [, count, unit] = /^(\d+)(ms|s|m|h)$/.exec(text) ?? [];
  return Number(count) * (units[unit ?? ''] ?? 0);
}

function columnOf(text: string): { schema: string; table: string; column: string } {
  const [schema = '', table = '', column = ''] = text.split('.');
  return { schema, table, column };
}
