/** What a value of an expression is, as far as its text tells. `dyn`: only its evaluation will. */
export type Kind =
  | 'bool'
  | 'int'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | { readonly list: Kind }
  | { readonly record: Readonly<Record<string, Kind>> }
  /** Members that nobody lists: read by name, and by name alone, so that it is known which ones an expression reads. */
  | 'members';

export const isList = (kind: Kind): kind is { readonly list: Kind } => typeof kind === 'object' && 'list' in kind;
export const isRecord = (kind: Kind): kind is { readonly record: Readonly<Record<string, Kind>> } =>
  typeof kind === 'object' && 'record' in kind;

const by: Kind = { record: { issuer: 'string', subject: 'string' } };
const texts: Kind = { list: 'string' };
const told: Kind = { record: { value: 'string', by: 'string' } };

const identity = {
  principal: { record: { issuer: 'string', subject: 'string', kind: 'string', groups: texts } },
  actors: { list: by },
  target: 'string',
  database: 'string',
} as const satisfies Record<string, Kind>;

/** What the expression of a role may read. */
export const ofRole: Readonly<Record<string, Kind>> = { ...identity, claims: 'members' };

/** What the expression of a rule may read. */
export const ofRule: Readonly<Record<string, Kind>> = {
  ...identity,
  run: { record: { run: told, conversation: told, toolCall: told, traceparent: told } },
  statement: {
    record: {
      verb: 'string',
      effects: texts,
      reads: texts,
      writes: texts,
      functions: texts,
      settings: texts,
      risks: texts,
      unbounded: 'bool',
    },
  },
};

/** A kind in words. */
export function wordOf(kind: Kind): string {
  if (typeof kind === 'string') return kind === 'dyn' ? 'any value' : kind;
  return isList(kind) ? `list of ${wordOf(kind.list)}` : 'record';
}

/** Whether values of both kinds may be equal at all. */
export function mayEqual(a: Kind, b: Kind): boolean {
  if (a === 'dyn' || b === 'dyn' || a === 'null' || b === 'null') return true;
  if (isNumber(a) && isNumber(b)) return true;
  if (typeof a === 'string' || typeof b === 'string') return a === b;
  return isList(a) && isList(b) ? mayEqual(a.list, b.list) : isRecord(a) === isRecord(b);
}

export const isNumber = (kind: Kind): boolean => kind === 'int' || kind === 'double';
