import { createHash } from 'node:crypto';
import { closest } from '#spelling';
import { type Document, isMap, isScalar, LineCounter, parseDocument, type YAMLParseError } from 'yaml';
import { compileExpression } from './cel/expression.js';
import { type Kind, ofRole, ofRule } from './cel/kinds.js';
import { covers } from './match.js';
import { type Policy, policyOf } from './policy.js';
import { keysAt, MaskOfAnyKind, PolicyFile, RuleOfAnyKind } from './schema.js';

/** What is wrong with a policy, and where. Says names of keys, never values. */
export interface PolicyProblem {
  /** From 1. */
  readonly line: number;
  readonly column: number;
  /** `rules.2.when.verbs.0` */
  readonly path: string;
  readonly message: string;
}

export type Compiled = { readonly policy: Policy } | { readonly problems: readonly PolicyProblem[] };

type Path = readonly (string | number)[];

/** Far more than any policy has; what is wrong with more takes minutes to find. */
const longest = 1024 * 1024;

/**
 * Reads and checks a policy; all its problems at once.
 * @param text its exact bytes: their hash is the policy's name in every record
 * @param source where it was read from
 */
export function compile(text: Uint8Array | string, source: string): Compiled {
  if (text.length > longest) return { problems: [{ line: 1, column: 1, path: '', message: 'longer than 1 MiB' }] };
  const written = typeof text === 'string' ? text : decode(text);
  if (written === undefined) return { problems: [{ line: 1, column: 1, path: '', message: 'not valid UTF-8' }] };
  const lines = new LineCounter();
  const document = parseDocument(written, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) return { problems: document.errors.map((error) => yamlProblem(error, lines)) };
  const value = plain(document) ?? {};
  const parsed = PolicyFile.safeParse(value);
  const findings = parsed.success
    ? [...namesTwice(parsed.data), ...neverMatching(parsed.data), ...keepNothing(parsed.data), ...expressions(parsed.data)]
    : parsed.error.issues.flatMap((issue) => [...findingsOf(issue), ...behind(issue, value)]);
  if (!parsed.success || findings.length > 0) {
    const problems = findings.map(([path, message, within]) => {
      const place = within ? withinText(document, lines, written, path, within) : position(document, lines, path);
      return { ...place, path: path.join('.'), message };
    });
    return { problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
  }
  return { policy: policyOf(parsed.data, createHash('sha256').update(text).digest('hex'), source) };
}

function yamlProblem({ pos, code }: YAMLParseError, lines: LineCounter): PolicyProblem {
  const { line, col } = lines.linePos(pos[0]);
  return { line, column: col, path: '', message: `not YAML: ${code.toLowerCase().replaceAll('_', ' ')}` };
}

function decode(text: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text);
  } catch {
    return undefined; // said as a problem by the caller
  }
}

// An alias that multiplies itself is refused by toJS; it is a broken file like any other.
function plain(document: Document): unknown {
  try {
    return document.toJS({ maxAliasCount: 20 });
  } catch {
    return { aliases: true };
  }
}

/** From 1, in the text of a value. */
interface Place {
  readonly line: number;
  readonly column: number;
}

/** `within`: the place in the text that stands at the path. */
type Finding = readonly [path: Path, message: string, within?: Place];

interface Issue {
  readonly code?: string | undefined;
  readonly path: PropertyKey[];
  readonly message: string;
  readonly keys?: string[];
}

function findingsOf(issue: Issue): Finding[] {
  const path = issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
  if (issue.code === 'unrecognized_keys') return (issue.keys ?? []).map((key) => [[...path, key], noSuchKey(path, key)]);
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined');
  return [[path, missing ? 'is missing' : issue.message]];
}

function noSuchKey(path: Path, key: string): string {
  const meant = closest(key, keysAt(path));
  return meant === undefined ? 'no such key' : `no such key; did you mean ${meant}?`;
}

/** What else is wrong with a rule or a mask whose kind is not known: a schema by kinds looks no further. */
function behind({ code, path }: Issue, value: unknown): Finding[] {
  const [list, index] = path;
  if (code !== 'invalid_union' || path.length !== 3 || typeof index !== 'number') return [];
  const item = (value as Readonly<Record<string, readonly unknown[]>>)[String(list)]?.[index];
  const parsed = (list === 'rules' ? RuleOfAnyKind : MaskOfAnyKind).safeParse(item);
  return (parsed.error?.issues ?? []).flatMap((issue) => findingsOf({ ...issue, path: [String(list), index, ...issue.path] }));
}

function namesTwice({ roles, rules }: PolicyFile): Finding[] {
  const twice = (kind: string, named: readonly { readonly name?: string | undefined }[]): Finding[] =>
    named.flatMap(({ name }, index): Finding[] =>
      name !== undefined && named.findIndex((one) => one.name === name) < index
        ? [[[kind, index, 'name'], 'this name is taken']]
        : [],
    );
  return [...twice('roles', roles), ...twice('rules', rules)];
}

function neverMatching({ rules }: PolicyFile): Finding[] {
  return rules.flatMap((rule, index): Finding[] => {
    const earlier = rules.slice(0, index).find((one) => covers(one.when ?? {}, rule.when ?? {}));
    if (earlier) return [[['rules', index], `never matches: rule ${earlier.name} before it takes all that it asks for`]];
    const { effects, onlyEffects, risks, onlyRisks } = rule.when ?? {};
    const disjoint = (wanted: readonly string[] | undefined, only: readonly string[] | undefined): boolean =>
      wanted !== undefined && only !== undefined && !wanted.some((one) => (one === '*' ? only.length > 0 : only.includes(one)));
    if (disjoint(effects, onlyEffects))
      return [[['rules', index, 'when', 'effects'], 'never matches: onlyEffects excludes these']];
    if (disjoint(risks, onlyRisks)) return [[['rules', index, 'when', 'risks'], 'never matches: onlyRisks excludes these']];
    return [];
  });
}

function keepNothing({ masks }: PolicyFile): Finding[] {
  return masks.flatMap((mask, index): Finding[] =>
    mask.mask === 'partial' && mask.keep.first + mask.keep.last === 0
      ? [[['masks', index, 'keep'], 'keeps nothing: use redact']]
      : [],
  );
}

function expressions({ roles, rules }: PolicyFile): Finding[] {
  const wrong = (path: Path, text: string | undefined, variables: Readonly<Record<string, Kind>>): Finding[] => {
    const compiled = text === undefined ? undefined : compileExpression(text, variables);
    if (!compiled || !('message' in compiled)) return [];
    const { message, line, column } = compiled;
    return [[path, line === 1 ? message : `${message} (line ${line} of the condition)`, { line, column }]];
  };
  return [
    ...roles.flatMap(({ when }, index) => wrong(['roles', index, 'when'], when, ofRole)),
    ...rules.flatMap(({ when }, index) => wrong(['rules', index, 'when', 'cel'], when?.cel, ofRule)),
  ];
}

/** Where a place in a text stands in the file: to the column where the text stands in it as it is, else where it begins. */
function withinText(document: Document, lines: LineCounter, written: string, path: Path, { line, column }: Place): Place {
  const node = document.getIn(path, true);
  if (!isScalar(node) || !node.range) return position(document, lines, path);
  const start = lines.linePos(node.range[0]);
  if (node.type === 'BLOCK_LITERAL') {
    const first = written.split('\n')[start.line] ?? '';
    return { line: start.line + line, column: first.length - first.trimStart().length + column };
  }
  const quote = node.type === 'PLAIN' ? 0 : 1;
  return { line: start.line, column: start.col + (line === 1 && node.type !== 'BLOCK_FOLDED' ? quote + column - 1 : 0) };
}

/** Where a path stands in the text; the nearest parent where the path itself is missing. */
function position(document: Document, lines: LineCounter, path: Path): { line: number; column: number } {
  for (let length = path.length; length >= 0; length--) {
    const offset = offsetOf(document, path.slice(0, length));
    if (offset === undefined) continue;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  }
  return { line: 1, column: 1 };
}

function offsetOf(document: Document, path: Path): number | undefined {
  const key = path.at(-1);
  const parent = path.length === 0 ? undefined : path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (isMap(parent)) {
    const pair = parent.items.find((item) => isScalar(item.key) && item.key.value === key);
    if (pair && isScalar(pair.key)) return pair.key.range?.[0];
  }
  const node = path.length === 0 ? document.contents : document.getIn(path, true);
  return (node as { range?: readonly [number, number, number] } | null | undefined)?.range?.[0];
}
