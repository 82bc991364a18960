import {
  isMaskedTag,
  type Lineage,
  lineageOf,
  type Masked,
  maskPlan,
  type MaskPlan,
  rewrite,
  type Statement,
  touchedBy,
} from '#masking';
import type { Mask } from '#policy';
import type { Catalog, Resolved } from '#sql';
import type { CatalogHandle } from './catalogs.js';
import { SessionMasking } from './session/port.js';

/** The masks that hold for a session's principal, on the catalog of the moment. */
export class CatalogMasking extends SessionMasking {
  private planned: { readonly catalog: Catalog; readonly plan: MaskPlan } | undefined;

  constructor(
    private readonly masks: readonly Mask[],
    private readonly handle: CatalogHandle,
  ) {
    super();
  }

  rewrite(sql: Buffer, statements: readonly Statement[]): Masked {
    return rewrite(sql, statements, this.handle.current(), this.plan);
  }

  touches(statement: Resolved): readonly string[] {
    return touchedBy(statement, this.plan);
  }

  lineage(statement: Resolved): Lineage {
    return lineageOf(statement, this.plan);
  }

  isMaskedTag(table: number, attnum: number): boolean {
    return isMaskedTag(this.plan, table, attnum);
  }

  private get plan(): MaskPlan {
    const catalog = this.handle.current();
    if (this.planned?.catalog !== catalog) this.planned = { catalog, plan: maskPlan(this.masks, catalog) };
    return this.planned.plan;
  }
}
