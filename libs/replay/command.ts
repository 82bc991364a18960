import { splitStatements, type Token, tokens } from './lexer.js';
import { Reader } from './reader.js';
import { transactionModes } from './modes.js';

/** What a statement does to its session, as far as its text tells. Everything that leaves no trace in the session is `other`. */
export type Command =
  | { readonly kind: 'begin'; readonly modes: readonly Assignment[] }
  | { readonly kind: 'commit' | 'rollback'; readonly chain: boolean }
  | { readonly kind: 'savepoint' | 'release' | 'rollback to'; readonly name: string }
  | { readonly kind: 'set'; readonly local: boolean; readonly settings: readonly Assignment[] }
  | { readonly kind: 'search path'; readonly local: boolean; readonly path: readonly string[] }
  /** Null: NONE or DEFAULT. */
  | { readonly kind: 'role' | 'session authorization'; readonly local: boolean; readonly name: string | null }
  /** Null: all of them. */
  | { readonly kind: 'reset'; readonly local: boolean; readonly name: string | null }
  | { readonly kind: 'deallocate' | 'close'; readonly name: string | null }
  | { readonly kind: 'prepare'; readonly name: string; readonly sql: string }
  | { readonly kind: 'declare'; readonly name: string; readonly sql: string; readonly hold: boolean }
  | { readonly kind: 'fetch'; readonly name: string }
  | { readonly kind: 'discard'; readonly what: 'all' | 'temp' | 'other' }
  | { readonly kind: 'create temp'; readonly name: string; readonly dropOnCommit: boolean }
  | { readonly kind: 'drop tables'; readonly names: readonly string[] }
  /** `opaque`: it runs code that may change anything the wire does not report. */
  | { readonly kind: 'other'; readonly verb: string; readonly opaque: boolean };

export interface Assignment {
  readonly name: string;
  /** As written: Postgres may show it in another form (`on` for `true`, `64MB` for `65536`). */
  readonly value: string;
}

/** Every statement of a string, in order. */
export function commandsOf(sql: string): Command[] {
  return splitStatements(tokens(sql)).map((statement) => commandOf(sql, statement));
}

function commandOf(sql: string, statement: readonly Token[]): Command {
  const at = new Reader(statement);
  const verb = at.word() ?? '';
  const other: Command = { kind: 'other', verb: verb.toUpperCase(), opaque: isOpaque(verb, statement) };
  switch (verb) {
    case 'begin':
      at.skip('work', 'transaction');
      return { kind: 'begin', modes: transactionModes(at) };
    case 'start':
      return at.accept('transaction') ? { kind: 'begin', modes: transactionModes(at) } : other;
    case 'commit':
    case 'end':
      return at.accept('prepared') ? other : { kind: 'commit', chain: chained(at) };
    case 'abort':
      return { kind: 'rollback', chain: chained(at) };
    case 'rollback':
      return rollback(at, other);
    case 'savepoint':
      return named('savepoint', at, other);
    case 'release':
      at.skip('savepoint');
      return named('release', at, other);
    case 'set':
      return set(at, other);
    case 'reset':
      return reset(at, other);
    case 'prepare':
      return prepare(sql, at, other);
    case 'deallocate':
      at.skip('prepare');
      return at.accept('all') ? { kind: 'deallocate', name: null } : named('deallocate', at, other);
    case 'declare':
      return declare(sql, at, other);
    case 'close':
      return at.accept('all') ? { kind: 'close', name: null } : named('close', at, other);
    case 'fetch':
    case 'move':
      return fetch(statement, other);
    case 'discard':
      return { kind: 'discard', what: at.accept('all') ? 'all' : at.accept('temp') || at.accept('temporary') ? 'temp' : 'other' };
    case 'create':
      return createTable(at, other);
    case 'drop':
      return dropTables(at, other);
    case 'select':
    case 'with':
      return selectInto(statement, other);
    default:
      return other;
  }
}

const isOpaque = (verb: string, statement: readonly Token[]): boolean =>
  verb === 'do' ||
  verb === 'call' ||
  statement.some(({ kind, text }) => (kind === 'word' || kind === 'name') && text === 'set_config');

function named(kind: 'savepoint' | 'release' | 'rollback to' | 'deallocate' | 'close', at: Reader, other: Command): Command {
  const name = at.identifier();
  return name === undefined ? other : { kind, name };
}

function chained(at: Reader): boolean {
  at.skip('work', 'transaction');
  return at.accept('and') && !at.accept('no') && at.accept('chain');
}

function rollback(at: Reader, other: Command): Command {
  if (at.accept('prepared')) return other;
  at.skip('work', 'transaction');
  if (!at.accept('to')) return { kind: 'rollback', chain: chained(at) };
  at.skip('savepoint');
  return named('rollback to', at, other);
}

function set(at: Reader, other: Command): Command {
  const local = at.accept('local');
  const session = !local && at.accept('session');
  if (session && at.accept('characteristics', 'as', 'transaction')) {
    const settings = transactionModes(at).map(({ name, value }) => ({ name: `default_${name}`, value }));
    return { kind: 'set', local: false, settings };
  }
  if (at.accept('session', 'authorization') || (session && at.accept('authorization'))) {
    return {
      kind: 'session authorization',
      local,
      name: at.isKeyword('default') ? null : (at.identifier() ?? at.literal() ?? null),
    };
  }
  if (at.accept('role')) {
    at.assignment();
    return {
      kind: 'role',
      local,
      name: at.isKeyword('none') || at.isKeyword('default') ? null : (at.identifier() ?? at.literal() ?? null),
    };
  }
  if (at.accept('transaction')) return { kind: 'set', local: true, settings: transactionModes(at) };
  if (at.accept('time', 'zone')) return assign('TimeZone', local, at);
  if (at.accept('names')) return assign('client_encoding', local, at);
  if (at.accept('schema')) return { kind: 'search path', local, path: at.values() };
  if (at.accept('xml', 'option')) return assign('xmloption', local, at);
  const name = at.dotted();
  if (name === undefined || !at.assignment()) return other;
  return assign(name, local, at);
}

function assign(name: string, local: boolean, at: Reader): Command {
  // TIME ZONE LOCAL is one more way to write DEFAULT.
  if (at.isKeyword('default') || (name === 'TimeZone' && at.isKeyword('local'))) return { kind: 'reset', local, name };
  const values = at.values();
  if (name.toLowerCase() === 'search_path') return { kind: 'search path', local, path: values };
  return { kind: 'set', local, settings: [{ name, value: values.join(', ') }] };
}

function reset(at: Reader, other: Command): Command {
  if (at.accept('all')) return { kind: 'reset', local: false, name: null };
  if (at.accept('role')) return { kind: 'role', local: false, name: null };
  if (at.accept('session', 'authorization')) return { kind: 'session authorization', local: false, name: null };
  if (at.accept('time', 'zone')) return { kind: 'reset', local: false, name: 'TimeZone' };
  if (at.accept('transaction', 'isolation', 'level')) return other;
  const name = at.dotted();
  return name === undefined ? other : { kind: 'reset', local: false, name };
}

function prepare(sql: string, at: Reader, other: Command): Command {
  if (at.accept('transaction')) return { kind: 'commit', chain: false };
  const name = at.identifier();
  return name !== undefined && at.skipTo('as') ? { kind: 'prepare', name, sql: at.rest(sql) } : other;
}

function declare(sql: string, at: Reader, other: Command): Command {
  const name = at.identifier();
  if (name === undefined || !at.skipTo('cursor')) return other;
  const hold = at.accept('with', 'hold');
  return at.skipTo('for') ? { kind: 'declare', name, sql: at.rest(sql), hold } : other;
}

/** The cursor's name ends FETCH and MOVE, whatever stands before it. */
function fetch(statement: readonly Token[], other: Command): Command {
  const last = statement.at(-1);
  return last && (last.kind === 'word' || last.kind === 'name') ? { kind: 'fetch', name: last.text } : other;
}

function createTable(at: Reader, other: Command): Command {
  at.skip('local', 'global');
  const temporary = at.accept('temporary') || at.accept('temp');
  at.skip('unlogged');
  if (!at.accept('table')) return other;
  at.accept('if', 'not', 'exists');
  const [first, second] = at.qualified();
  const name = second ?? first;
  const isTemp = temporary || (second !== undefined && first === 'pg_temp');
  return isTemp && name !== undefined ? { kind: 'create temp', name, dropOnCommit: at.skipTo('on', 'commit', 'drop') } : other;
}

/** SELECT … INTO TEMP makes a table; only the outermost level of the text can hold it. */
function selectInto(statement: readonly Token[], other: Command): Command {
  const at = new Reader(statement);
  if (!at.skipTo('into')) return other;
  const temporary = at.accept('local') || at.accept('global') || at.isNext('temp') || at.isNext('temporary');
  if (!temporary || !(at.accept('temp') || at.accept('temporary'))) return other;
  at.skip('table');
  const name = at.qualified().at(-1);
  return name === undefined ? other : { kind: 'create temp', name, dropOnCommit: false };
}

function dropTables(at: Reader, other: Command): Command {
  if (!at.accept('table')) return other;
  at.accept('if', 'exists');
  const names: string[] = [];
  do {
    const [first, second] = at.qualified();
    const name = second === undefined ? first : first === 'pg_temp' ? second : undefined;
    if (name !== undefined) names.push(name);
  } while (at.symbol(','));
  return { kind: 'drop tables', names };
}
