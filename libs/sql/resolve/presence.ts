import type { Catalog } from '../catalog/catalog.js';
import type { Relation } from '../catalog/snapshot.js';

const firstUserOid = 16384;

/**
 * The types of users that values of a statement can have: those it names, those of the columns and rows of its relations, and what
 * they are made of. A function, operator or cast over a type that no value can have is not called, whatever its name.
 */
export class PresentTypes {
  private readonly present = new Set<number>();
  private all = false;

  constructor(private readonly catalog: Catalog) {
    // What any value may be turned into without a word is always there.
    for (const cast of catalog.userCasts) if (cast.context === 'implicit' && cast.source < firstUserOid) this.add(cast.target);
  }

  /** For a relation whose columns nobody told: any value may occur. */
  addEverything(): void {
    this.all = true;
  }

  addRelation(relation: Relation): void {
    this.add(relation.rowType);
    for (const column of relation.columns) this.add(column.type);
  }

  add(oid: number): void {
    if (oid < firstUserOid || this.present.has(oid)) return;
    this.present.add(oid);
    const type = this.catalog.typeByOid(oid);
    for (const part of type?.of ?? []) this.add(part);
    const rows = type?.kind === 'composite' ? this.catalog.relationByOid(type.relation) : undefined;
    for (const column of rows?.columns ?? []) this.add(column.type);
  }

  /** Whether a value of this type may occur: built-in ones always, arrays and ranges with what they hold. */
  has(oid: number): boolean {
    if (this.all || oid < firstUserOid || this.present.has(oid)) return true;
    const type = this.catalog.typeByOid(oid);
    return type !== undefined && type.of.length > 0 && type.of.every((part) => this.has(part));
  }
}
