/** Classes of SQLSTATE that Postgres raises while it reads a statement, before it has seen a row; or that say nothing of one. */
const beforeRows: ReadonlySet<string> = new Set([
  '08',
  '0A',
  '25',
  '26',
  '28',
  '34',
  '3D',
  '3F',
  '40',
  '42',
  '53',
  '54',
  '55',
  '57',
  '58',
]);
/** Classes that the standard or Postgres itself defines: others are a function's own, and may say anything. */
const known = /^(0[0-9A-Z]|1[0-9]|2[0-9A-Z]|3[0-9A-Z]|4[0-9]|5[0-9]|72|F0|HV|XX)...$/;

/** An error or notice, as far as it tells who speaks. */
export interface Said {
  readonly code: string;
  readonly severity: string;
  /** Where code of the database said it: it may say anything under any SQLSTATE. */
  readonly context: string | undefined;
}

export interface NeutralFault {
  readonly code: string;
  readonly message: string;
}

/**
 * What a client is told of an error or notice about a statement that touches masked columns, where the server's own words might quote
 * one; undefined where they cannot, and only their fields of detail need a look.
 */
export function neutral({ code, severity, context }: Said): NeutralFault | undefined {
  if (context === undefined && beforeRows.has(code.slice(0, 2)) && known.test(code)) return undefined;
  const told = known.test(code) ? code : 'P0001';
  const what =
    severity === 'ERROR' ? `the statement failed with SQLSTATE ${told}` : `the server had something to say (SQLSTATE ${told})`;
  return { code: told, message: `${what}: its words are withheld, for they may quote a masked value` };
}
