import { request } from '#pgwire';
import type { Change } from './state.js';

/**
 * What the server does not report by itself. SHOW takes no snapshot: behind it, the client may still choose its transaction's isolation
 * level, or lock a table before it looks. Only the parser reads it: nothing that the session made can stand in for any of it.
 */
const settings = ['SHOW role', 'SHOW session_authorization', 'SHOW search_path'] as const;

/** The session's temporary relations; whatever may have made one has taken a snapshot. Every name is qualified. */
const temporary =
  'SELECT pg_catalog.string_agg(c.relname::pg_catalog.text, pg_catalog.chr(10)) FROM pg_catalog.pg_class c ' +
  'WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema()';

const reservedName = 'sallyport state';

export interface StateQuestion {
  /** Its statements, as the record names them. */
  readonly sql: string;
  readonly messages: Buffer;
}

/** Asks for what may have changed. Each of its statements answers with one row of one column. */
export function stateQuestion(changed: Exclude<Change, 'nothing' | 'names'>): StateQuestion {
  const statements = changed === 'settings' ? settings : [...settings, temporary];
  return { sql: statements.join('; '), messages: Buffer.concat([...statements.flatMap(asked), request.sync()]) };
}

/** Under a name of its own: a Query, or the unnamed statement, would destroy what the client has under that name. */
const asked = (sql: string): Buffer[] => [
  request.parse(reservedName, sql),
  request.bind(reservedName, reservedName, []),
  request.execute(reservedName, 0),
  request.close({ of: 'portal', name: reservedName }),
  request.close({ of: 'statement', name: reservedName }),
];

export interface ServerState {
  readonly role: string;
  /** As it is set, `$user` unresolved. */
  readonly searchPath: readonly string[];
  /** Absent where it was not asked for. */
  readonly temporary?: readonly string[];
}

/** Undefined when the answer is not that of the question. */
export function readState(rows: readonly (readonly (string | null)[])[]): ServerState | undefined {
  const [role, login, path, relations] = rows.map(([cell]) => cell);
  if (rows.length > settings.length + 1 || typeof role !== 'string' || typeof login !== 'string' || typeof path !== 'string')
    return undefined;
  return {
    role: role === 'none' ? login : role,
    searchPath: identifiers(path),
    ...(rows.length > settings.length && { temporary: relations ? relations.split('\n') : [] }),
  };
}

/** A comma-separated list of identifiers as Postgres reads a setting's: unquoted ones in lower case. */
function identifiers(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,]+)/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'),
  );
}
