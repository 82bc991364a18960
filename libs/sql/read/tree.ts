import { nodeTags, untaggedFields } from './node-kinds.js';

/** A node of the parse tree without its tag: fields by name, zero values left out. */
export type Node = Readonly<Record<string, unknown>>;

/** Called for each child; `field` is the field of the parent that holds it. */
export type Visit = (tag: string, node: Node, field: string) => void;

/**
 * Visits the children of a node, whether they carry their tag or not.
 * @param unseen called with whatever is not understood
 */
export function eachChild(tag: string, node: Node, visit: Visit, unseen: (what: string) => void): void {
  const untagged = untaggedFields[tag];
  for (const field in node) {
    const value = node[field];
    if (typeof value !== 'object' || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) eachTagged(item as Node, field, visit, unseen);
      continue;
    }
    const kind = untagged && Object.hasOwn(untagged, field) ? untagged[field] : undefined;
    if (kind !== undefined) visit(kind, value as Node, field);
    else eachTagged(value as Node, field, visit, unseen);
  }
}

// An empty object stands for an absent item of a list.
function eachTagged(holder: Node, field: string, visit: Visit, unseen: (what: string) => void): void {
  for (const tag in holder) {
    const node = holder[tag];
    if (nodeTags.has(tag) && typeof node === 'object' && node !== null) visit(tag, node as Node, field);
    else unseen(tag);
  }
}

/** The tag and node of a tagged value, as `{ A_Const: … }`. */
export function untag(value: unknown): readonly [tag: string, node: Node] | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  for (const tag in value) return [tag, (value as Record<string, Node>)[tag] as Node];
  return undefined;
}

export const nodeOf = (value: unknown, tag: string): Node | undefined => {
  const tagged = untag(value);
  return tagged?.[0] === tag ? tagged[1] : undefined;
};

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const text = (value: unknown): string => (typeof value === 'string' ? value : '');

export const number = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** The strings of a list of String nodes; a star is `*`. */
export const names = (value: unknown): string[] =>
  list(value).map((item) => {
    const [tag, node] = untag(item) ?? ['', {}];
    return tag === 'String' ? text(node['sval']) : tag === 'A_Star' ? '*' : '';
  });

/** What a constant of a SET or of an option says. */
export function constantText(value: unknown): string {
  const [tag, node] = untag(value) ?? ['', {}];
  if (tag === 'A_Const') {
    const [kind, inner] = untag({ ...node, location: undefined }) ?? ['', undefined];
    return kind === 'isnull' ? 'NULL' : scalar(inner);
  }
  if (tag === 'TypeCast') return constantText(node['arg']);
  if (tag === 'TypeName') return names(node['names']).at(-1) ?? '';
  return scalar(node);
}

// Integer, Float, Boolean, String and BitString hold one value, left out where it is zero.
function scalar(node: Node | undefined): string {
  for (const field in node) {
    const value = node[field];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  }
  return '0';
}
