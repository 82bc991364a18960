import { buildCatalog } from './build.js';
import type { Catalog } from './catalog.js';
import { catalogParts, type CatalogPart, catalogTexts } from './queries.js';
import type { Row } from './rows.js';

/** Runs one statement and gives its rows, every value as Postgres' text. */
export type Ask = (sql: string) => Promise<readonly Row[]>;

/** What only a superuser who rewrites Postgres itself can change. */
const builtIn: ReadonlySet<CatalogPart> = new Set([
  'builtInRelations',
  'builtInColumns',
  'builtInFunctions',
  'builtInOperators',
  'builtInTypes',
]);
/** Most of what is read is built in: it is read again this seldom. */
const builtInEvery = 100;

/** Reads a database's catalog again and again over one connection. */
export class CatalogReader {
  private readonly answers = new Map<CatalogPart, readonly Row[]>();
  private catalog: Catalog | undefined;
  private times = 0;

  constructor(private readonly ask: Ask) {}

  /**
   * The catalog of one moment, after this call began; the very same object as before where nothing has changed.
   * @throws MalformedCatalog, and what `ask` throws: after that the connection is not to be used again
   */
  async read(): Promise<Catalog> {
    const withBuiltIn = this.times++ % builtInEvery === 0;
    let isChanged = this.catalog === undefined;
    await this.ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    for (const part of catalogParts) {
      if (!withBuiltIn && builtIn.has(part)) continue;
      const rows = await this.ask(catalogTexts[part]);
      isChanged ||= !same(rows, this.answers.get(part));
      this.answers.set(part, rows);
    }
    await this.ask('COMMIT');
    if (isChanged || !this.catalog) this.catalog = buildCatalog(catalogParts.map((part) => this.answers.get(part) ?? []));
    return this.catalog;
  }
}

const same = (rows: readonly Row[], before: readonly Row[] | undefined): boolean =>
  rows.length === before?.length && rows.every((row, i) => row.every((value, cell) => value === before[i]?.[cell]));
