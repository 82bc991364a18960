/** Code that nobody has seen may run, or something stays unknown: it may also change what later decisions read. */
const opaque = [
  'aggregate-unseen',
  'call',
  'cast-unseen',
  'check-function',
  'default-function',
  'do-block',
  'domain-function',
  'dynamic-sql',
  'function-unseen',
  'index-function',
  'operator-unseen',
  'rls-function',
  'rule',
  'statement-unseen',
  'trigger',
  'type-unseen',
  'unknown-node',
  'unknown-relation',
  'unlisted-function',
  'view-function',
] as const;

/** What was seen, and a policy may mind. */
const seen = [
  'advisory-lock',
  'cascade',
  'drop',
  'file',
  'foreign-table',
  'large-object',
  'lexer-setting',
  'lock-all',
  'lock-table',
  'mass-write',
  'notify',
  'program',
  'replication',
  'role',
  'search-path',
  'sequence',
  'server-function',
  'setting',
  'sleep',
  'temporary-relation',
  'two-phase',
] as const;

/** What the analysis could not see into, or found dangerous. The words are stable: policies and records name them. */
export type Risk = (typeof opaque)[number] | (typeof seen)[number];

export const opaqueRisks: ReadonlySet<string> = new Set<string>(opaque);

export const risks: ReadonlySet<string> = new Set<string>([...opaque, ...seen]);
