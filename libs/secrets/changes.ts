import { createHash, createHmac } from 'node:crypto';
import { canonical, type EventOf } from '#events';
import { Secret } from '#runtime';

type Changed = EventOf<'configuration.changed'>['data'];
/** What a service runs with, in kinds. */
export type Kind = Changed['what'];
export type Change = Omit<Changed, 'service'>;

/** Hashes of all that a service runs with, by kind and name. */
export type Seen = Readonly<Partial<Record<Kind, Readonly<Record<string, string>>>>>;

const kinds: readonly Kind[] = ['configuration', 'issuers', 'roles', 'secret'];

/** What differs, in the order of kinds and names. */
export function changesOf(previous: Seen, current: Seen): Change[] {
  return kinds.flatMap((what) => {
    const [before, after] = [previous[what] ?? {}, current[what] ?? {}];
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names
      .filter((name) => before[name] !== after[name])
      .map((name) => ({
        what,
        name,
        ...(before[name] !== undefined && { before: before[name] }),
        ...(after[name] !== undefined && { after: after[name] }),
      }));
  });
}

/** SHA-256 of a value's canonical JSON. Secrets in it show themselves as such, so they have no part in it. */
export const hashOf = (value: unknown): string =>
  createHash('sha256')
    .update(canonical(JSON.parse(JSON.stringify(value))))
    .digest('hex');

/** Tells one secret from another to who has the key, and nothing to who has not. */
export const keyedHashOf = (secret: Secret, key: Buffer): string =>
  createHmac('sha256', key).update(secret.reveal()).digest('hex');

/** What a service reads of its configuration file, taken apart. */
export interface Settings {
  /** By section. */
  readonly configuration: Readonly<Record<string, unknown>>;
  readonly issuers: Readonly<Record<string, unknown>>;
  readonly roles: Readonly<Record<string, unknown>>;
  /** Undefined: one that there is, and that cannot be had now. */
  readonly secrets: Readonly<Record<string, Secret | undefined>>;
}

/**
 * A configuration taken apart. The secrets in it go by their place: `clickhouse/password`.
 * @param more what does not stand in the file itself: the policy's roles, secrets that were fetched
 */
export function settingsOf(config: object, more: Partial<Pick<Settings, 'roles' | 'secrets'>> = {}): Settings {
  const { issuers = [], ...sections } = config as { issuers?: readonly { issuer: string }[] };
  const { api } = sections as { api?: { roles?: unknown } };
  return {
    configuration: Object.fromEntries(Object.entries(sections).filter(([, section]) => section !== undefined)),
    issuers: Object.fromEntries(issuers.map((one) => [one.issuer, one])),
    roles: { ...(api?.roles !== undefined && { 'api/roles': api.roles }), ...more.roles },
    secrets: { ...Object.fromEntries(secretsIn(config, [])), ...more.secrets },
  };
}

function secretsIn(value: unknown, path: readonly string[]): [string, Secret][] {
  if (value instanceof Secret) return [[path.join('/'), value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => secretsIn(inner, [...path, key]));
}
