import pg from 'pg';
import { type Catalog, CatalogReader } from '#sql';

/** Reads the catalog of the database that a client is connected to. */
export const readCatalog = (client: pg.Client): Promise<Catalog> =>
  new CatalogReader(async (text) => {
    const { rows } = await client.query<(string | null)[]>({ text, rowMode: 'array', types: { getTypeParser: () => String } });
    return rows;
  }).read();
