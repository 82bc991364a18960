import { CatalogReader } from './reader.js';
import { catalogParts, catalogTexts } from './queries.js';

type Rows = (string | null)[][];

/** A database that answers with nothing but its name and what a test puts there. */
class FakeDatabase {
  readonly asked: string[] = [];
  schemas: Rows = [['public']];
  readonly ask = (sql: string): Promise<Rows> => {
    this.asked.push(sql);
    if (sql === catalogTexts.database) return Promise.resolve([['5', 'app', '180000']]);
    return Promise.resolve(sql === catalogTexts.schemas ? this.schemas : []);
  };
}

describe('CatalogReader', () => {
  it('reads everything of one moment', async () => {
    const database = new FakeDatabase();
    await new CatalogReader(database.ask).read();
    expect(database.asked).toEqual([
      'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
      ...catalogParts.map((part) => catalogTexts[part]),
      'COMMIT',
    ]);
  });

  it('gives the very same catalog while nothing changes, and another once something did', async () => {
    const database = new FakeDatabase();
    const reader = new CatalogReader(database.ask);
    const first = await reader.read();
    expect(await reader.read()).toBe(first);
    database.schemas = [['public'], ['audit']];
    const second = await reader.read();
    expect(second.snapshot.schemas).toEqual(['audit', 'public']);
    expect(second.hash).not.toBe(first.hash);
    database.schemas = [['public'], ['audit2']];
    expect((await reader.read()).snapshot.schemas).toEqual(['audit2', 'public']);
  });

  it('asks seldom for what is built in', async () => {
    const database = new FakeDatabase();
    const reader = new CatalogReader(database.ask);
    for (let i = 0; i < 101; i++) await reader.read();
    const times = (sql: string): number => database.asked.filter((asked) => asked === sql).length;
    expect([times(catalogTexts.schemas), times(catalogTexts.builtInFunctions)]).toEqual([101, 2]);
  });
});
