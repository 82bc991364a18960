import type { ColumnReference, FunctionReference, QualifiedName, TypeReference } from '../written.js';

/** What a statement names beside relations, each distinct thing once, with the place of its first mention. */
export class Named {
  private readonly functionsByKey = new Map<string, FunctionReference>();
  private readonly operatorsByKey = new Map<string, QualifiedName>();
  private readonly typesByKey = new Map<string, TypeReference>();
  private readonly columnsByKey = new Map<string, ColumnReference>();
  private readonly specials = new Set<string>();

  function(path: readonly string[], args: number, at: number): void {
    const written = qualified(path);
    const key = `${keyOf(written)} ${args}`;
    if (!this.functionsByKey.has(key)) this.functionsByKey.set(key, { ...written, arguments: args, at });
  }

  operator(path: readonly string[]): void {
    const written = qualified(path);
    this.operatorsByKey.set(keyOf(written), written);
  }

  type(path: readonly string[], array: boolean, use: TypeReference['use']): void {
    const written = qualified(path);
    this.typesByKey.set(`${keyOf(written)} ${use} ${String(array)}`, { ...written, array, use });
  }

  /** @param at absent for a field of a composite value */
  column(path: readonly string[], at?: number): void {
    const field = at === undefined;
    const key = `${path.join('\0')} ${String(field)}`;
    if (!this.columnsByKey.has(key)) this.columnsByKey.set(key, { path, field, ...(at !== undefined && { at }) });
  }

  special(what: string): void {
    this.specials.add(what);
  }

  get functions(): FunctionReference[] {
    return [...this.functionsByKey.values()];
  }
  get operators(): QualifiedName[] {
    return [...this.operatorsByKey.values()];
  }
  get types(): TypeReference[] {
    return [...this.typesByKey.values()];
  }
  get columns(): ColumnReference[] {
    return [...this.columnsByKey.values()];
  }
  get specialSyntax(): string[] {
    return [...this.specials];
  }
}

const qualified = (path: readonly string[]): QualifiedName => {
  const name = path.at(-1) ?? '';
  const schema = path.at(-2);
  return schema === undefined ? { name } : { schema, name };
};

const keyOf = ({ schema, name }: QualifiedName): string => `${schema ?? ''}\0${name}`;
