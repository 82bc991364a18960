/**
 * What the server does not report by itself, in one row: role, search_path as it resolves, and the session's temporary relations.
 * Every name is qualified: nothing that the session made can stand in for it.
 */
export const stateQuery =
  'SELECT current_user, ' +
  '(SELECT pg_catalog.array_to_string(pg_catalog.current_schemas(false), pg_catalog.chr(10))), ' +
  '(SELECT pg_catalog.string_agg(c.relname::pg_catalog.text, pg_catalog.chr(10)) FROM pg_catalog.pg_class c ' +
  'WHERE c.relnamespace OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())';

export function readState(
  rows: readonly (readonly (string | null)[])[],
): { readonly role: string; readonly searchPath: readonly string[]; readonly temporary: readonly string[] } | undefined {
  const [role, path, temporary] = rows[0] ?? [];
  if (rows.length !== 1 || role === null || role === undefined) return undefined;
  return { role, searchPath: lines(path), temporary: lines(temporary) };
}

const lines = (text: string | null | undefined): string[] =>
  text === null || text === undefined || text === '' ? [] : text.split('\n');
