import { carriedBy, type Lineage } from '#masking';
import { decodeRowDescription } from '#pgwire';
import type { SessionMasking } from './port.js';
import type { Column } from './running.js';

/** Reads the RowDescriptions of a session: where nothing is masked, one that comes again is known. */
export class RowDescriptions {
  private last: { readonly bytes: Buffer; readonly columns: readonly Column[] } | undefined;

  constructor(private readonly masking: SessionMasking | undefined) {}

  /** The columns of a RowDescription; undefined when it would show a masked one. */
  columnsOf(bytes: Buffer, lineage: Lineage): readonly Column[] | undefined {
    if (this.masking) return maskedColumns(bytes, this.masking, lineage);
    if (!this.last?.bytes.equals(bytes))
      this.last = { bytes: Buffer.from(bytes), columns: decodeRowDescription(bytes).map(({ name, type }) => ({ name, type })) };
    return this.last.columns;
  }
}

function maskedColumns(bytes: Buffer, masking: SessionMasking, lineage: Lineage): readonly Column[] | undefined {
  const columns = decodeRowDescription(bytes);
  if (columns.some(({ table, attnum }) => masking.isMaskedTag(table, attnum))) return undefined;
  const carried = carriedBy(lineage, columns.length);
  // A masked value comes out of a sub-select: it belongs to no table any more.
  return columns.map(({ name, type, table }, i) =>
    table === 0 && (carried[i] ?? []).length > 0 ? { name, type, masked: 'rewrite' } : { name, type },
  );
}
