import type { Masked } from '#masking';
import { decodeRowDescription } from '#pgwire';
import type { SessionMasking } from './port.js';
import type { Column } from './running.js';

/** The columns of a RowDescription; undefined when it would show a masked one. */
export function columnsOf(
  bytes: Buffer,
  masking: SessionMasking | undefined,
  masked: Masked | undefined,
): readonly Column[] | undefined {
  const columns = decodeRowDescription(bytes);
  if (columns.some(({ table, attnum }) => masking?.isMaskedTag(table, attnum) === true)) return undefined;
  const names = maskedNames(masked);
  // A masked column comes out of a sub-select: it belongs to no table any more.
  return columns.map(({ name, type, table }) =>
    table === 0 && names.has(name) ? { name, type, masked: 'rewrite' } : { name, type },
  );
}

/** The last parts of `schema.table.column`. */
const maskedNames = (masked: Masked | undefined): ReadonlySet<string> =>
  new Set(masked?.kind === 'rewritten' ? masked.masked.map((path) => path.slice(path.lastIndexOf('.') + 1)) : []);
