/** Of a JSON Schema, what is looked at here. */
export interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

/** The keys that a schema knows at a place. */
export function knownKeys(schema: object, path: readonly PropertyKey[]): string[] {
  let places: readonly Schema[] = [schema];
  for (const step of path)
    places = places.flatMap(alternatives).flatMap(({ properties, items }) => {
      const inner = typeof step === 'number' ? items : properties?.[String(step)];
      return inner ? [inner] : [];
    });
  return places.flatMap(alternatives).flatMap(({ properties }) => Object.keys(properties ?? {}));
}

/** What a value may be by this schema: itself, and what it is one of. */
export const alternatives = (schema: Schema): readonly Schema[] => [schema, ...(schema.anyOf ?? []).flatMap(alternatives)];
