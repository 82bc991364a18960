import { carriedBy, type Lineage } from '#masking';
import { decodeRowDescription } from '#pgwire';
import type { SessionMasking } from './port.js';
import type { Column } from './running.js';

/** The columns of a RowDescription; undefined when it would show a masked one. */
export function columnsOf(bytes: Buffer, masking: SessionMasking | undefined, lineage: Lineage): readonly Column[] | undefined {
  const columns = decodeRowDescription(bytes);
  if (columns.some(({ table, attnum }) => masking?.isMaskedTag(table, attnum) === true)) return undefined;
  const carried = carriedBy(lineage, columns.length);
  // A masked value comes out of a sub-select: it belongs to no table any more.
  return columns.map(({ name, type, table }, i) =>
    table === 0 && (carried[i] ?? []).length > 0 ? { name, type, masked: 'rewrite' } : { name, type },
  );
}
