import pg from 'pg';

const { builtins } = pg.types;
const names = new Map(Object.entries(builtins).map(([name, oid]) => [oid as number, name.toLowerCase()]));

/** The name of a type, where it is one of Postgres' own; else its OID. */
export const typeName = (oid: number): string => names.get(oid) ?? `oid ${oid}`;

const number = (text: string): unknown => {
  const value = Number(text);
  return Number.isFinite(value) ? value : text; // JSON has no NaN and no infinity
};

const readers = new Map<number, (text: string) => unknown>([
  [builtins.BOOL, (text) => text === 't'],
  ...([builtins.INT2, builtins.INT4, builtins.OID, builtins.FLOAT4, builtins.FLOAT8] as const).map(
    (oid) => [oid, number] as const,
  ),
  ...([builtins.JSON, builtins.JSONB] as const).map((oid) => [oid, (text: string): unknown => JSON.parse(text)] as const),
]);
const asItIs = (text: string): unknown => text;

/** How node-postgres reads values for an agent: as JSON where JSON holds them exactly, else as Postgres' own text. */
export const exactTypes: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number) => readers.get(oid) ?? asItIs) as pg.CustomTypesConfig['getTypeParser'],
};
