/** Of a JSON Schema, what is looked at here. */
interface Schema {
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

const alternatives = (schema: Schema): readonly Schema[] => [schema, ...(schema.anyOf ?? []).flatMap(alternatives)];
