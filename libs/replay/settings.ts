import { put, without } from './named.js';
import type { Report, Scope, Scoped } from './state.js';

/** A scope in which one setting is changed. Names of settings are compared without case, and kept as first seen. */
export function changeSetting(scope: Scope, name: string, change: (before: Scoped<string>) => Scoped<string>): Scope {
  const lower = name.toLowerCase();
  const before = scope.settings.find((setting) => setting.name.toLowerCase() === lower) ?? { name, value: null, local: null };
  const { value, local } = change(before);
  const settings =
    value === null && local === null
      ? without(scope.settings, before.name)
      : put(scope.settings, { name: before.name, value, local });
  return { ...scope, settings };
}

/**
 * What the server reports is in effect, in its own form. It reports only what changed since its last report, so at each
 * ReadyForQuery the last report of every setting still holds, whatever a SET was written like.
 */
export const withReports = (scope: Scope, reports: readonly Report[]): Scope =>
  reports.reduce((next, { name, value }) => {
    const known = next.settings.find((setting) => setting.name === name);
    return known && (known.local ?? known.value) === value ? next : report(next, name, value);
  }, scope);

function report(scope: Scope, name: string, value: string): Scope {
  const next = changeSetting(scope, name, (before) => inEffect(before, value));
  return name === 'search_path' ? { ...next, searchPath: inEffect<readonly string[]>(scope.searchPath, splitPath(value)) } : next;
}

/** The value that is in effect becomes this one. */
export const inEffect = <T>(before: Scoped<T>, value: T): Scoped<T> =>
  before.local === null ? { value, local: null } : { value: before.value, local: value };

/** The text of a search_path, as SHOW gives it. */
export const quotedPath = (path: readonly string[]): string =>
  path.map((schema) => (/^[a-z_][a-z0-9_$]*$/.test(schema) ? schema : `"${schema.replaceAll('"', '""')}"`)).join(', ');

/** The schemas that the text of a search_path names, as Postgres' SplitIdentifierString reads it. */
export function splitPath(text: string): string[] {
  return Array.from(text.matchAll(/\s*(?:"([^"]*(?:""[^"]*)*)"|([^\s,"]+))\s*(?:,|$)/g), ([, quoted, plain = '']) =>
    quoted === undefined ? plain.replace(/[A-Z]+/g, (upper) => upper.toLowerCase()) : quoted.replaceAll('""', '"'),
  );
}
