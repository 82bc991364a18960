import type { Column } from '#sql';

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A string constant that reads the same whatever `standard_conforming_strings` says. */
export const literal = (text: string): string =>
  text.includes('\\') ? `E'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'` : `'${text.replaceAll("'", "''")}'`;

/** Type names that the grammar itself reads: nothing in the search path can stand in for them. */
const grammarTypes =
  /^(smallint|integer|bigint|real|double precision|numeric|boolean|character|character varying|bit|bit varying|interval|time|timestamp)\b/;

const firstUserOid = 16384;

/** A column's type with its modifier, so that no other type of that name can stand in for it. */
export function typeOf({ type, typeText }: Pick<Column, 'type' | 'typeText'>): string {
  // format_type qualifies whatever is not in pg_catalog, that being all of the search path it was asked under.
  return type >= firstUserOid || grammarTypes.test(typeText) || typeText.includes('.') ? typeText : `pg_catalog.${typeText}`;
}
