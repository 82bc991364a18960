import type { parse } from '@bufbuild/cel';
import { isList, isNumber, isRecord, type Kind, mayEqual, wordOf } from './kinds.js';

type Node = ReturnType<typeof parse>['expr'];
type Of<C extends Node['exprKind']['case']> = Extract<Node['exprKind'], { case: C }>['value'];

/** What is wrong with an expression, at the node where it is. */
export class ExpressionFault extends Error {
  override readonly name = 'ExpressionFault';
  constructor(
    readonly node: bigint,
    message: string,
  ) {
    super(message);
  }
}

export interface Checked {
  readonly kind: Kind;
  /** The members of `claims` that it reads. */
  readonly claims: readonly string[];
  /** Its regular expressions: to be tried once, at load. */
  readonly patterns: readonly { readonly node: bigint; readonly pattern: string }[];
}

/**
 * Checks the names, functions and kinds of an expression: the library's own checker is not among what it exports, and knows neither which
 * claims are read nor what a list may cost. What it lets through may still fail when it is asked, where the kind of a
 * claim is not known; it never takes more time than its own length and that of the lists that it reads tell.
 * @throws ExpressionFault
 */
export function check(expression: Node, variables: Readonly<Record<string, Kind>>): Checked {
  const walk = new Walk(variables);
  const kind = walk.kindOf(expression);
  return { kind, claims: [...walk.claims].sort(), patterns: walk.patterns };
}

class Walk {
  readonly claims = new Set<string>();
  readonly patterns: { node: bigint; pattern: string }[] = [];
  /** Of the macro that is walked: its own variable, and its result. */
  private local: Readonly<Record<string, Kind>> | undefined;

  constructor(private readonly variables: Readonly<Record<string, Kind>>) {}

  kindOf(node: Node): Kind {
    const kind = this.read(node);
    if (kind === 'members') throw new ExpressionFault(node.id, 'claims are read by name: claims.x, claims["x"], "x" in claims');
    return kind;
  }

  private read(node: Node): Kind {
    const { exprKind } = node;
    switch (exprKind.case) {
      case 'constExpr':
        return this.constant(node, exprKind.value);
      case 'identExpr':
        return this.name(node, exprKind.value.name);
      case 'selectExpr': {
        const { operand, field, testOnly } = exprKind.value;
        const kind = this.member(node, this.read(given(node, operand)), field);
        return testOnly ? 'bool' : kind;
      }
      case 'callExpr':
        return this.call(node, exprKind.value);
      case 'listExpr': {
        const [first = 'dyn', ...rest] = exprKind.value.elements.map((element) => this.kindOf(element));
        return { list: rest.every((kind) => kind === first) ? first : 'dyn' };
      }
      case 'comprehensionExpr':
        return this.macro(node, exprKind.value);
      default:
        throw new ExpressionFault(node.id, 'messages and maps are not made here');
    }
  }

  private constant(node: Node, { constantKind }: Of<'constExpr'>): Kind {
    const kind = constantKind.case === undefined ? undefined : constants[constantKind.case];
    if (kind === undefined) throw new ExpressionFault(node.id, 'no constant of this kind is used here');
    return kind;
  }

  private name(node: Node, name: string): Kind {
    const local = this.local && Object.hasOwn(this.local, name) ? this.local[name] : undefined;
    const kind = local ?? (Object.hasOwn(this.variables, name) ? this.variables[name] : undefined);
    if (kind !== undefined) return kind;
    throw new ExpressionFault(node.id, `no such name: ${name}; there are ${Object.keys(this.variables).sort().join(', ')}`);
  }

  private member(node: Node, of: Kind, name: string): Kind {
    if (of === 'members') {
      this.claims.add(name);
      return 'dyn';
    }
    if (of === 'dyn') return 'dyn';
    if (!isRecord(of)) throw new ExpressionFault(node.id, `a ${wordOf(of)} has no member ${name}`);
    const kind = Object.hasOwn(of.record, name) ? of.record[name] : undefined;
    if (kind !== undefined) return kind;
    throw new ExpressionFault(node.id, `no such member: ${name}; there are ${Object.keys(of.record).sort().join(', ')}`);
  }

  private call(node: Node, { function: name, target, args }: Of<'callExpr'>): Kind {
    if (name === '@in') return this.membership(node, args);
    if (name === '_[_]') return this.index(node, args);
    const operands = [...(target ? [target] : []), ...args];
    const kinds = operands.map((operand) => this.kindOf(operand));
    const signature = Object.hasOwn(functions, name) ? functions[name] : undefined;
    if (!signature) throw new ExpressionFault(node.id, `no such function: ${name.replaceAll('_', '')}`);
    if (name === 'matches') this.pattern(node, operands[1]);
    const result = signature(kinds);
    if (result !== undefined) return result;
    const shown = name.startsWith('@') ? name.slice(1) : name.replaceAll('_', '').replaceAll('[]', '');
    throw new ExpressionFault(node.id, `${shown} does not take ${kinds.map(wordOf).join(' and ')}`);
  }

  private membership(node: Node, [item, holder]: readonly Node[]): Kind {
    const kind = this.kindOf(given(node, item));
    const of = this.read(given(node, holder));
    if (of === 'members') this.member(node, of, this.constantName(node, item));
    else if (of !== 'dyn' && !(isList(of) && mayEqual(kind, of.list)))
      throw new ExpressionFault(node.id, `a ${wordOf(kind)} is never in a ${wordOf(of)}`);
    return 'bool';
  }

  private index(node: Node, [holder, key]: readonly Node[]): Kind {
    const of = this.read(given(node, holder));
    const kind = this.kindOf(given(node, key));
    if (of === 'members' || isRecord(of)) return this.member(node, of, this.constantName(node, key));
    if (of === 'dyn') return 'dyn';
    if (isList(of) && (kind === 'int' || kind === 'dyn')) return of.list;
    throw new ExpressionFault(node.id, `a ${wordOf(of)} has no place by a ${wordOf(kind)}`);
  }

  private constantName(node: Node, key: Node | undefined): string {
    const text = key && constantText(key);
    if (text === undefined) throw new ExpressionFault(node.id, 'the name has to be written out here');
    return text;
  }

  private pattern(node: Node, pattern: Node | undefined): void {
    this.patterns.push({ node: node.id, pattern: this.constantName(node, pattern) });
  }

  /** all, exists, exists_one, filter, map: not within each other, or lists would be walked as often as they are long. */
  private macro(
    node: Node,
    { iterVar, iterRange, accuVar, accuInit, loopCondition, loopStep, result }: Of<'comprehensionExpr'>,
  ): Kind {
    if (this.local) throw new ExpressionFault(node.id, 'a macro within a macro is not permitted');
    if (Object.hasOwn(this.variables, iterVar)) throw new ExpressionFault(node.id, `${iterVar} has a meaning already`);
    const range = this.kindOf(given(node, iterRange));
    if (range !== 'dyn' && !isList(range)) throw new ExpressionFault(node.id, `a ${wordOf(range)} is no list`);
    const start = this.kindOf(given(node, accuInit));
    this.local = { [iterVar]: isList(range) ? range.list : 'dyn', [accuVar]: isList(start) ? { list: 'dyn' } : start };
    this.kindOf(given(node, loopCondition));
    this.kindOf(given(node, loopStep));
    const kind = this.kindOf(given(node, result));
    this.local = undefined;
    return kind;
  }
}

function given(node: Node, child: Node | undefined): Node {
  if (child === undefined) throw new ExpressionFault(node.id, 'something is missing here');
  return child;
}

function constantText({ exprKind }: Node): string | undefined {
  if (exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = exprKind.value;
  return constantKind.case === 'stringValue' ? constantKind.value : undefined;
}

const constants: Readonly<Record<string, Kind>> = {
  boolValue: 'bool',
  int64Value: 'int',
  doubleValue: 'double',
  stringValue: 'string',
  bytesValue: 'bytes',
  nullValue: 'null',
};

/** The kind of a result, or nothing where it does not take such operands. */
type Signature = (operands: readonly Kind[]) => Kind | undefined;

const all =
  (wanted: Kind, count: number, result: Kind): Signature =>
  (kinds) =>
    kinds.length === count && kinds.every((kind) => kind === wanted || kind === 'dyn') ? result : undefined;
const equality: Signature = ([a = 'dyn', b = 'dyn']) => (mayEqual(a, b) ? 'bool' : undefined);
const order: Signature = ([a = 'dyn', b = 'dyn']) =>
  mayEqual(a, b) && [a, b].every((kind) => kind === 'dyn' || kind === 'string' || isNumber(kind)) ? 'bool' : undefined;
const arithmetic: Signature = (kinds) => {
  const [first = 'dyn'] = kinds.filter((kind) => kind !== 'dyn');
  return kinds.every((kind) => kind === 'dyn' || (isNumber(kind) && kind === first)) ? first : undefined;
};
const sum: Signature = (kinds) => {
  const [first = 'dyn'] = kinds.filter((kind) => kind !== 'dyn');
  if (kinds.every((kind) => kind === 'dyn' || isList(kind))) return first === 'dyn' ? 'dyn' : { list: 'dyn' };
  return kinds.every((kind) => kind === 'dyn' || kind === 'string') ? first : arithmetic(kinds);
};
const conversion =
  (result: Kind): Signature =>
  ([kind = 'dyn', ...more]) =>
    more.length === 0 && (kind === 'dyn' || kind === 'string' || isNumber(kind) || kind === 'bool') ? result : undefined;

/** All there is of CEL here. No clock, and nothing that a list makes longer than its own length. */
const functions: Readonly<Record<string, Signature>> = {
  '_&&_': all('bool', 2, 'bool'),
  '_||_': all('bool', 2, 'bool'),
  '!_': all('bool', 1, 'bool'),
  '@not_strictly_false': all('bool', 1, 'bool'),
  '_?_:_': ([condition = 'dyn', a = 'dyn', b = 'dyn']) =>
    condition === 'bool' || condition === 'dyn' ? (a === b ? a : isList(a) && isList(b) ? { list: 'dyn' } : 'dyn') : undefined,
  '_==_': equality,
  '_!=_': equality,
  '_<_': order,
  '_<=_': order,
  '_>_': order,
  '_>=_': order,
  '_+_': sum,
  '_-_': arithmetic,
  '_*_': arithmetic,
  '_/_': arithmetic,
  '_%_': arithmetic,
  '-_': arithmetic,
  size: ([kind = 'dyn', ...more]) =>
    more.length === 0 && (kind === 'dyn' || kind === 'string' || isList(kind)) ? 'int' : undefined,
  contains: all('string', 2, 'bool'),
  startsWith: all('string', 2, 'bool'),
  endsWith: all('string', 2, 'bool'),
  matches: all('string', 2, 'bool'),
  int: conversion('int'),
  double: conversion('double'),
  string: conversion('string'),
};
