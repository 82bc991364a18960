import { catalogParts, type CatalogPart } from './queries.js';

export type Row = readonly (string | null)[];

export class MalformedCatalog extends Error {
  override readonly name = 'MalformedCatalog';
}

/** Results by name; cells by position, never absent. */
export class Rows {
  constructor(private readonly results: readonly (readonly Row[])[]) {}

  of(part: CatalogPart): readonly Cells[] {
    return (this.results[catalogParts.indexOf(part)] ?? []).map((row) => new Cells(part, row));
  }

  /** Rows by the OID in one of their cells. */
  by(part: CatalogPart, cell: number): Map<number, Cells[]> {
    const groups = new Map<number, Cells[]>();
    for (const row of this.of(part)) {
      const oid = row.number(cell);
      const group = groups.get(oid);
      if (group) group.push(row);
      else groups.set(oid, [row]);
    }
    return groups;
  }
}

export class Cells {
  constructor(
    private readonly part: string,
    private readonly row: Row,
  ) {}

  text(cell: number): string {
    const value = this.row[cell];
    if (value === undefined || value === null) throw new MalformedCatalog(`${this.part} lacks its value ${cell}`);
    return value;
  }
  optional(cell: number): string | undefined {
    return this.row[cell] ?? undefined;
  }
  number(cell: number): number {
    const number = Number(this.text(cell));
    if (!Number.isSafeInteger(number)) throw new MalformedCatalog(`${this.part}: value ${cell} is no number`);
    return number;
  }
  is(cell: number): boolean {
    return this.text(cell) === 't';
  }
  numbers(cell: number): number[] {
    const text = this.text(cell);
    return text === '' ? [] : text.split(' ').map(Number);
  }
}
