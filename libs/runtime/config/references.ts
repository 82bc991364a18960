import { alternatives, type Schema } from './known-keys.js';

/** A place in a configuration file where a secret is referred to. */
export interface Referred {
  readonly path: readonly (string | number)[];
  /** `targets/shop/logins/app`: what stands in a list goes by its name. */
  readonly name: string;
  /** As it is written there, unchecked. */
  readonly written: unknown;
}

/** Every reference to a secret in a configuration, where the schema has one. */
export function referencesIn(schema: object, value: unknown): Referred[] {
  return found(schema, value, [], []);
}

/** The name of a login's password, by the names that its target and itself go by. */
export const loginSecret = (target: string, login: string): string => `targets/${target}/logins/${login}`;

function found(schema: Schema, value: unknown, path: readonly (string | number)[], names: readonly string[]): Referred[] {
  if (isSecret(schema)) return value === undefined ? [] : [{ path, name: nameOf(names), written: value }];
  if (typeof value !== 'object' || value === null) return [];
  const inner = (key: string | number, below: unknown, name: string): Referred[] =>
    alternatives(schema).flatMap(({ properties, items }) => {
      const next = typeof key === 'number' ? items : properties?.[key];
      return next ? found(next, below, [...path, key], [...names, name]) : [];
    });
  return Array.isArray(value)
    ? value.flatMap((item, i) => inner(i, item, listed(item) ?? String(i)))
    : Object.entries(value).flatMap(([key, below]) => inner(key, below, key));
}

// A login has one secret, so its own name is the name of that.
const nameOf = (names: readonly string[]): string => names.join('/').replace(/^(targets\/[^/]+\/logins\/[^/]+)\/password$/, '$1');

const listed = (item: unknown): string | undefined => {
  const { name, issuer } = Object(item) as { name?: unknown; issuer?: unknown };
  return typeof name === 'string' ? name : typeof issuer === 'string' ? issuer : undefined;
};

/** Something that `{ env: NAME }` stands for, whatever else it may be. */
const isSecret = ({ anyOf }: Schema): boolean => anyOf?.some(({ properties }) => properties?.['env'] !== undefined) === true;
