import { readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type Document, LineCounter, parseDocument, type YAMLError } from 'yaml';
import type { z } from 'zod';
import { closest } from '#spelling';
import { knownKeys } from './known-keys.js';
import { type Config, configJsonSchema, type Part, parts, sectionNames } from './parts.js';
import { at, positionOf, positionOfKey, type Position } from './positions.js';

/** One thing that is wrong with a configuration file. It names keys and reasons; it never repeats a value. */
export interface Problem extends Position {
  readonly key: string;
  readonly reason: string;
}

/** All that is wrong with a configuration file, told at once. */
export class ConfigInvalid extends Error {
  override readonly name = 'ConfigInvalid';
  constructor(
    readonly file: string,
    readonly problems: readonly Problem[],
  ) {
    super(
      problems.map(({ line, column, key, reason }) => `${file}:${line}:${column} ${key ? `${key}: ` : ''}${reason}`).join('\n'),
    );
  }
}

/**
 * Reads a part of `sallyport.yml`: its secrets fetched, its paths absolute, its defaults filled in.
 * @param env where `{ env: NAME }` looks, normally `process.env`
 * @throws ConfigInvalid with every problem of this part, and every key that no part knows
 */
export function loadConfig<P extends Part>(file: string, part: P, env: Readonly<Record<string, string | undefined>>): Config<P> {
  const { document, lines, value } = parseFile(file, read(file));
  const schema = parts({ folder: dirname(resolve(file)), env })[part];
  const parsed = schema.safeParse(withoutOthers(value, Object.keys(schema.shape)));
  if (parsed.success) return parsed.data as Config<P>;
  const problems = parsed.error.issues.flatMap((issue) => problemsOf(document, lines, issue));
  throw new ConfigInvalid(
    file,
    problems.sort((a, b) => a.line - b.line || a.column - b.column),
  );
}

interface ParsedFile {
  readonly document: Document;
  readonly lines: LineCounter;
  readonly value: unknown;
}

/** @throws ConfigInvalid for a text that is no YAML */
export function parseFile(file: string, text: string): ParsedFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0)
    throw new ConfigInvalid(
      file,
      broken.map((error) => syntaxProblem(lines, error)),
    );
  return { document, lines, value: toValue(file, document) };
}

/** Far more than any configuration has; what is wrong with more takes minutes to find. */
const mostBytes = 1024 * 1024;

/** @throws ConfigInvalid for a file that cannot be read, or is no configuration by its size */
export function read(file: string): string {
  try {
    if (statSync(file).size <= mostBytes) return readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigInvalid(file, [problem('', `cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`)]);
  }
  throw new ConfigInvalid(file, [problem('', 'is larger than 1 MiB')]);
}

function toValue(file: string, document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch {
    throw new ConfigInvalid(file, [problem('', 'has too many aliases')]); // an alias bomb
  }
}

/** Leaves out the sections of other services; a key that is no section at all stays, to be refused. */
function withoutOthers(value: unknown, own: readonly string[]): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const others = new Set(sectionNames().filter((name) => !own.includes(name)));
  return Object.fromEntries(Object.entries(value).filter(([key]) => !others.has(key)));
}

function problemsOf(document: Document, lines: LineCounter, issue: z.core.$ZodIssue): Problem[] {
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({
      ...positionOfKey(document, lines, issue.path, key),
      key: keyName([...issue.path, ...(looksLikeAName(key) ? [key] : [])]),
      reason: `is not a key that is known here${meant(issue.path, key)}`,
    }));
  return [{ ...positionOf(document, lines, issue.path), key: keyName(issue.path), reason: reasonOf(issue) }];
}

function meant(path: readonly PropertyKey[], key: string): string {
  const name = closest(key, knownKeys(configJsonSchema(), path));
  return name === undefined ? '' : `; did you mean ${name}?`;
}

function reasonOf(issue: z.core.$ZodIssue): string {
  // The built-in messages name what was expected and the type that was found, never the value.
  return issue.code === 'invalid_type' && issue.message.endsWith('received undefined') ? 'is missing' : issue.message;
}

/** The parser's own messages quote the file, and what they quote may be a secret: only its codes are used. */
function syntaxProblem(lines: LineCounter, error: YAMLError): Problem {
  const reasons: Partial<Record<typeof error.code, string>> = {
    DUPLICATE_KEY: 'this key is there twice',
    BAD_INDENT: 'the indentation does not fit',
    TAB_AS_INDENT: 'a tab cannot indent',
    BAD_ALIAS: 'a text that begins with * needs quotes',
    TAG_RESOLVE_FAILED: 'a text that begins with ! needs quotes',
    MISSING_CHAR: 'a character is missing here, such as a closing quote or bracket',
  };
  return problem(
    '',
    reasons[error.code] ?? `is not valid YAML (${error.code.toLowerCase().replaceAll('_', ' ')})`,
    at(lines, error.pos[0]),
  );
}

const problem = (key: string, reason: string, position: Position = { line: 1, column: 1 }): Problem => ({
  ...position,
  key,
  reason,
});

const looksLikeAName = (key: string): boolean => /^[A-Za-z][A-Za-z_-]{0,30}$/.test(key);

const keyName = (path: readonly PropertyKey[]): string =>
  path
    .map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`))
    .join('')
    .replace(/^\./, '');
