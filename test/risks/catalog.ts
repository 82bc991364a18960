import pg from 'pg';
import { buildCatalog, type Catalog, catalogQueries } from '#sql';

/** Reads the catalog of the database that a client is connected to. */
export async function readCatalog(client: pg.Client): Promise<Catalog> {
  const results: (string | null)[][][] = [];
  for (const text of catalogQueries) {
    const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array', types: { getTypeParser: () => String } });
    results.push(rows);
  }
  return buildCatalog(results);
}
