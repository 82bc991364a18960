import { createHash } from 'node:crypto';
import { canonical } from '#events';
import type { CatalogSnapshot, Relation, UserCast, UserFunction, UserOperator, UserType } from './snapshot.js';

/** A snapshot with the look-ups that decisions make. Immutable; equal content gives an equal hash. */
export class Catalog {
  /** SHA-256 over the snapshot's canonical JSON, in hex. */
  readonly hash: string;
  private readonly relationsByOid: ReadonlyMap<number, Relation>;
  private readonly relationsByName: ReadonlyMap<string, Relation>;
  private readonly relationsByRowType: ReadonlyMap<number, Relation>;
  private readonly childrenByParent: ReadonlyMap<number, readonly Relation[]>;
  private readonly functionsByOid: ReadonlyMap<number, UserFunction>;
  private readonly functionsByName: ReadonlyMap<string, readonly UserFunction[]>;
  private readonly operatorsByName: ReadonlyMap<string, readonly UserOperator[]>;
  private readonly typesByOid: ReadonlyMap<number, UserType>;
  private readonly typesByName: ReadonlyMap<string, readonly UserType[]>;
  private readonly builtInTypesByName: ReadonlyMap<string, number>;
  private readonly builtInRelations: ReadonlySet<string>;
  private readonly builtInFunctions: ReadonlySet<string>;
  private readonly volatileFunctions: ReadonlySet<string>;
  private readonly builtInOperators: ReadonlySet<string>;

  constructor(readonly snapshot: CatalogSnapshot) {
    const { relations, functions, operators, types, builtIn } = snapshot;
    this.hash = createHash('sha256').update(canonical(snapshot)).digest('hex');
    this.relationsByOid = new Map(relations.map((relation) => [relation.oid, relation]));
    this.relationsByName = new Map(relations.map((relation) => [qualify(relation.schema, relation.name), relation]));
    this.relationsByRowType = new Map(relations.map((relation) => [relation.rowType, relation]));
    this.childrenByParent = group(relations.flatMap((child) => child.parents.map((parent) => [parent, child] as const)));
    this.functionsByOid = new Map(functions.map((one) => [one.oid, one]));
    this.functionsByName = group(functions.map((one) => [one.name, one] as const));
    this.operatorsByName = group(operators.map((one) => [one.name, one] as const));
    this.typesByOid = new Map(types.map((type) => [type.oid, type]));
    this.typesByName = group(types.map((type) => [type.name, type] as const));
    this.builtInTypesByName = new Map(builtIn.types.map((type) => [type.name, type.oid]));
    this.builtInRelations = new Set(builtIn.relations);
    this.builtInFunctions = new Set(builtIn.functions);
    this.volatileFunctions = new Set(builtIn.volatileFunctions);
    this.builtInOperators = new Set(builtIn.operators);
  }

  get serverVersion(): number {
    return this.snapshot.serverVersion;
  }

  /** One that is not built in. */
  relation(schema: string, name: string): Relation | undefined {
    return this.relationsByName.get(qualify(schema, name));
  }

  relationByOid(oid: number): Relation | undefined {
    return this.relationsByOid.get(oid);
  }

  /** The relation whose rows are of this type. */
  relationOfRowType(type: number): Relation | undefined {
    return type === 0 ? undefined : this.relationsByRowType.get(type);
  }

  isBuiltInRelation(schema: string, name: string): boolean {
    return this.builtInRelations.has(`${schema}.${name}`);
  }

  /** Partitions and inheritance children, of any depth; each once. */
  descendants(oid: number): Relation[] {
    const found = new Map<number, Relation>();
    const gather = (parent: number): void => {
      for (const child of this.childrenByParent.get(parent) ?? []) {
        if (found.has(child.oid)) continue;
        found.set(child.oid, child);
        gather(child.oid);
      }
    };
    gather(oid);
    return [...found.values()];
  }

  /** Tables that it is a partition or child of, of any height; each once. */
  ancestors(relation: Relation): Relation[] {
    const found = new Map<number, Relation>();
    const gather = (child: Relation): void => {
      for (const oid of child.parents) {
        const parent = this.relationsByOid.get(oid);
        if (!parent || found.has(oid)) continue;
        found.set(oid, parent);
        gather(parent);
      }
    };
    gather(relation);
    return [...found.values()];
  }

  functionByOid(oid: number): UserFunction | undefined {
    return this.functionsByOid.get(oid);
  }

  /** Functions of that name, in any schema, that are not built in. */
  userFunctions(name: string): readonly UserFunction[] {
    return this.functionsByName.get(name) ?? [];
  }

  isBuiltInFunction(name: string): boolean {
    return this.builtInFunctions.has(name);
  }

  /** Whether a built-in function of that name is volatile. */
  isVolatileBuiltIn(name: string): boolean {
    return this.volatileFunctions.has(name);
  }

  userOperators(name: string): readonly UserOperator[] {
    return this.operatorsByName.get(name) ?? [];
  }

  isBuiltInOperator(name: string): boolean {
    return this.builtInOperators.has(name);
  }

  get userCasts(): readonly UserCast[] {
    return this.snapshot.casts;
  }

  typeByOid(oid: number): UserType | undefined {
    return this.typesByOid.get(oid);
  }

  /** Types of that name, in any schema, that are not built in. */
  userTypes(name: string): readonly UserType[] {
    return this.typesByName.get(name) ?? [];
  }

  /** The OID of pg_catalog's type of that name. */
  builtInType(name: string): number | undefined {
    return this.builtInTypesByName.get(name);
  }
}

// No name holds a NUL, so no two qualified names are alike.
const qualify = (schema: string, name: string): string => `${schema}\0${name}`;

function group<K, V>(pairs: readonly (readonly [K, V])[]): Map<K, V[]> {
  const groups = new Map<K, V[]>();
  for (const [key, value] of pairs) {
    const members = groups.get(key);
    if (members) members.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}
