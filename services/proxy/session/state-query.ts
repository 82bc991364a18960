import { request } from '#pgwire';

/**
 * What the server does not report by itself, in one row: role, search_path and the session's temporary relations. Every name is
 * qualified: nothing that the session made can stand in for it.
 */
export const stateQuery =
  "SELECT current_user, pg_catalog.current_setting('search_path'), " +
  '(SELECT pg_catalog.string_agg(c.relname::pg_catalog.text, pg_catalog.chr(10)) FROM pg_catalog.pg_class c ' +
  'WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())';

const reservedName = 'sallyport state';

/** Asked under a name of its own: a Query, or the unnamed statement, would destroy what the client has under that name. */
export const stateQuestion = Buffer.concat([
  request.parse(reservedName, stateQuery),
  request.bind(reservedName, reservedName, []),
  request.execute(reservedName, 0),
  request.close({ of: 'portal', name: reservedName }),
  request.close({ of: 'statement', name: reservedName }),
  request.sync(),
]);

export interface ServerState {
  readonly role: string;
  /** As it is set, `$user` unresolved. */
  readonly searchPath: readonly string[];
  readonly temporary: readonly string[];
}

/** Undefined when the answer is not that of the query. */
export function readState(rows: readonly (readonly (string | null)[])[]): ServerState | undefined {
  const [row, ...more] = rows;
  const [role, path, temporary] = row ?? [];
  if (more.length > 0 || typeof role !== 'string' || typeof path !== 'string') return undefined;
  return { role, searchPath: identifiers(path), temporary: temporary ? temporary.split('\n') : [] };
}

/** A comma-separated list of identifiers as Postgres reads a setting's: unquoted ones in lower case. */
function identifiers(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^\s,]+)/g)].map(([, quoted, plain = '']) =>
    quoted === undefined ? plain.toLowerCase() : quoted.replaceAll('""', '"'),
  );
}
