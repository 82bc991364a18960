import { Refused } from './refused.js';
import type { Token } from './tokens.js';

/** Lower-case names of what reaches outside of the engine's own tables. */
export type Forbidden = ReadonlySet<string>;

const harmlessFunctions = new Set([
  'format',
  'generate_series',
  'generaterandom',
  'generateseries',
  'input',
  'merge',
  'null',
  'numbers',
  'numbers_mt',
  'primes',
  'values',
  'view',
  'zeros',
  'zeros_mt',
]);

/** Of all table functions of an engine, those that are not known to stay inside of it: a new one is forbidden until it is listed. */
export const forbiddenOf = (tableFunctions: readonly string[]): Forbidden =>
  new Set(['source', ...tableFunctions.map((name) => name.toLowerCase()).filter((name) => !harmlessFunctions.has(name))]);

/**
 * The engine runs inside this process with its rights: no users, no grants, and files, URLs and programs at hand.
 * @throws Refused where a statement reaches for any of them
 */
export function refuseReach(all: readonly Token[], forbidden: Forbidden): void {
  all.forEach((token, i) => {
    if (token.kind !== 'name' && token.kind !== 'quoted') return;
    const name = token.text.toLowerCase();
    const next = all[i + 1]?.text;
    if (next === '(' && forbidden.has(name)) throw outside(`${token.text}()`);
    // The engine's first database also shows every file of the machine as a table.
    if (next === '.' && name === 'default') throw outside('The database default');
    if (token.kind === 'quoted') return;
    if (reaching.has(name)) throw outside(token.text);
    if (name === 'identifier' && all[i - 1]?.text === ':') throw new Refused('NOT_IMPLEMENTED', 'Identifiers as parameters');
    // In the engine, readonly=DEFAULT lifts the mode that readonly forbids to lift.
    if (name === 'readonly' && next === '=') throw new Refused('READONLY', 'The setting readonly is not the caller’s to change');
  });
}

/** @throws Refused for a database or table engine that keeps or reads anything outside of the data directory */
export function refuseEngines(all: readonly Token[]): void {
  all.forEach((token, i) => {
    if (token.text.toLowerCase() !== 'engine') return;
    const name = all[all[i + 1]?.text === '=' ? i + 2 : i + 1]?.text ?? '';
    if (!harmlessEngine.test(name)) throw outside(`The engine ${name}`);
  });
}

const reaching = new Set(['outfile', 'infile', 'attach', 'dictionary']);

const harmlessEngine =
  /^(?:(?:replacing|aggregating|summing|coalescing|collapsing|versionedcollapsing)?mergetree|materializedview|view|atomic|memory|null|log|tinylog|stripelog|set|join|merge|buffer)$/i;

const outside = (what: string): Refused => new Refused('ACCESS_DENIED', `${what} reaches outside of the engine's own tables`);
