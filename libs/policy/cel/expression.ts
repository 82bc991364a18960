import { celEnv, type CelInput, isCelError, parse, plan } from '@bufbuild/cel';
import { check, ExpressionFault } from './check.js';
import { type Kind, wordOf } from './kinds.js';

/** A condition in CEL that was parsed, checked and planned. */
export interface Expression {
  readonly text: string;
  /** The claims that it reads, by name. */
  readonly claims: readonly string[];
  /** True or false, or why it is neither: a claim that is not there, or is of another kind. */
  evaluate(bindings: Readonly<Record<string, CelInput>>): boolean | { readonly failed: string };
}

/** What is wrong with an expression, and where in its text: line and column from 1. */
export interface ExpressionProblem {
  readonly message: string;
  readonly line: number;
  readonly column: number;
}

export const longestExpression = 4_096;
const deepest = 64;
const longestFailure = 200;

/** Compiles a condition that may read these variables. */
export function compileExpression(text: string, variables: Readonly<Record<string, Kind>>): Expression | ExpressionProblem {
  if (text.length > longestExpression) return { message: `longer than ${longestExpression} characters`, line: 1, column: 1 };
  if (nestingOf(text) > deepest) return { message: `nested deeper than ${deepest} brackets`, line: 1, column: 1 };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(text);
  } catch (error) {
    return { message: syntaxOf(error), ...placeOf(error) };
  }
  const at = (node: bigint): number => parsed.sourceInfo?.positions[String(node)] ?? 0;
  try {
    const { kind, claims, patterns } = check(parsed.expr, variables);
    if (kind !== 'bool' && kind !== 'dyn') throw new ExpressionFault(parsed.expr.id, `is a ${wordOf(kind)}, not true or false`);
    for (const { node, pattern } of patterns) refusePattern(node, pattern);
    const planned = plan(celEnv(), parsed);
    return { text, claims, evaluate: (bindings) => outcomeOf(planned(bindings)) };
  } catch (error) {
    if (error instanceof RangeError) return { message: 'nested too deeply', line: 1, column: 1 }; // the stack is used up: !!!…
    if (!(error instanceof ExpressionFault)) throw error;
    return { message: error.message, ...lineAndColumn(text, at(error.node)) };
  }
}

function outcomeOf(result: unknown): boolean | { readonly failed: string } {
  if (typeof result === 'boolean') return result;
  const why = isCelError(result) ? result.message : 'it is neither true nor false';
  return { failed: why.slice(0, longestFailure) };
}

const tried = plan(celEnv(), parse('"".matches(pattern)'));

function refusePattern(node: bigint, pattern: string): void {
  const result = tried({ pattern });
  if (isCelError(result)) throw new ExpressionFault(node, result.message);
}

/** Parser and planner recurse with each bracket; those within strings are counted too: no condition comes near. */
function nestingOf(text: string): number {
  let depth = 0;
  let most = 0;
  for (const character of text) {
    if ('([{'.includes(character)) most = Math.max(most, ++depth);
    else if (')]}'.includes(character)) depth--;
  }
  return most;
}

interface SyntaxFault {
  readonly rawMessage?: string;
  readonly location?: { readonly start: { readonly line: number; readonly column: number } };
}

const syntaxOf = (error: unknown): string => {
  const { rawMessage } = error as SyntaxFault;
  return rawMessage === undefined ? 'not an expression' : `not an expression: ${rawMessage}`;
};

function placeOf(error: unknown): { line: number; column: number } {
  const { line = 1, column = 1 } = (error as SyntaxFault).location?.start ?? {};
  return { line, column };
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const blanks = /^\s*/.exec(text.slice(offset))?.[0].length ?? 0; // an operator's place begins behind its left side
  const before = text.slice(0, offset + blanks).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
