/** ClickHouse's own numbers for the errors that this facade raises itself. */
const codes = {
  NOT_IMPLEMENTED: 48,
  SYNTAX_ERROR: 62,
  UNKNOWN_SETTING: 115,
  READONLY: 164,
  TOO_MANY_BYTES: 307,
  QUERY_WAS_CANCELLED: 394,
  ACCESS_DENIED: 497,
  AUTHENTICATION_FAILED: 516,
} as const;

/** A request that never reached the engine. The message has the engine's own form, which clients take apart. */
export class Refused extends Error {
  override readonly name = 'Refused';
  constructor(
    readonly type: keyof typeof codes,
    why: string,
  ) {
    super(`Code: ${codes[type]}. DB::Exception: ${why}. (${type})`);
  }
}

const statuses: ReadonlyMap<number, number> = new Map([
  [codes.AUTHENTICATION_FAILED, 401],
  [codes.ACCESS_DENIED, 403],
  [codes.TOO_MANY_BYTES, 413],
  [60, 404],
  [81, 404],
  [159, 408],
  [241, 500],
]);

/** What the HTTP interface says of an error of the engine: its number, its HTTP status and its text. */
export function describeError(error: unknown): { readonly code: number; readonly status: number; readonly text: string } {
  const text = (error instanceof Error ? error.message : String(error)).replace(/^Query failed: /, '');
  const code = Number(/^Code: (\d+)/.exec(text)?.[1] ?? 1002);
  return { code, status: statuses.get(code) ?? (code < 200 ? 400 : 500), text };
}
