import { type Forbidden, refuseEngines, refuseReach } from './guard.js';
import { Refused } from './refused.js';
import { type Token, tokens } from './tokens.js';

/** One statement that the engine may be given. Kinds that are not listed here are not served. */
export type Statement =
  | { readonly kind: 'read'; readonly sql: string; readonly format: string | undefined }
  | { readonly kind: 'write'; readonly sql: string }
  /** Rows follow in the body of the request; `head` is the text up to FORMAT. */
  | { readonly kind: 'insert'; readonly head: string; readonly format: string };

/** @throws Refused for anything that is not one statement of the kinds that may pass */
export function readStatement(text: string, forbidden: Forbidden): Statement {
  const all = lex(text);
  while (all.at(-1)?.text === ';') all.pop();
  const first = all[0];
  const last = all.at(-1);
  if (!first || !last) throw new Refused('SYNTAX_ERROR', 'Empty query');
  if (all.some(({ kind, text }) => kind === 'sign' && text === ';'))
    throw new Refused('SYNTAX_ERROR', 'Multi-statements are not allowed');
  refuseReach(all, forbidden);

  const sql = text.slice(first.from, last.to);
  const [verb] = all.filter(({ text }) => text !== '(');
  switch (verb?.text.toLowerCase() ?? '') {
    case 'select':
    case 'with':
    case 'show':
    case 'describe':
    case 'desc':
    case 'explain':
    case 'exists':
    case 'check':
      return { kind: 'read', sql, format: endingFormat(all)?.name };
    case 'insert':
      return readInsert(sql, all, first.from);
    case 'create':
      refuseEngines(all);
      return { kind: 'write', sql };
    case 'alter':
    case 'drop':
    case 'truncate':
    case 'optimize':
    case 'rename':
    case 'exchange':
    case 'delete':
    case 'update':
      return { kind: 'write', sql };
    default:
      throw new Refused('ACCESS_DENIED', `Statements that begin with ${first.text} are not served`);
  }
}

function lex(text: string): Token[] {
  try {
    return tokens(text);
  } catch (cause) {
    if (cause instanceof SyntaxError) throw new Refused('SYNTAX_ERROR', `Syntax error: ${cause.message}`);
    throw cause;
  }
}

function readInsert(sql: string, all: readonly Token[], from: number): Statement {
  const selects = all.some(isWord('select'));
  const format = endingFormat(all);
  if (format && !selects) return { kind: 'insert', head: sql.slice(0, format.from - from), format: format.name };
  if (selects && !all.some(isWord('format')) && !all.some(isWord('values'))) return { kind: 'write', sql };
  // Inline, the rows would end at their first blank line, and the engine would run the rest of them as SQL.
  throw new Refused('NOT_IMPLEMENTED', 'The rows of an INSERT go into the body of the request, its query ends in FORMAT');
}

/** The FORMAT clause that a statement ends with, SETTINGS aside. */
function endingFormat(all: readonly Token[]): { readonly name: string; readonly from: number } | undefined {
  const i = all.findLastIndex(isWord('format'));
  const [clause, name, after] = i < 0 ? [] : all.slice(i, i + 3);
  if (!clause || name?.kind !== 'name' || (after && !isWord('settings')(after))) return undefined;
  return { name: name.text, from: clause.from };
}

const isWord =
  (word: string) =>
  ({ kind, text }: Token): boolean =>
    kind === 'name' && text.toLowerCase() === word;
