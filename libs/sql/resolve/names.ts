import type { Catalog } from '../catalog/catalog.js';
import type { Relation } from '../catalog/snapshot.js';
import type { RelationReference } from '../written.js';
import type { Resolved } from './resolve.js';

/** The part of a session that names are resolved in. */
export interface SessionNames {
  /** current_user. */
  readonly role: string;
  /** The search_path as it is set, `$user` unresolved. */
  readonly searchPath: readonly string[];
  /** Names of the session's own temporary relations. */
  readonly temporary: readonly string[];
  /** Types that the client gave the statement's parameters, by OID; 0 where it gave none. */
  readonly parameterTypes?: readonly number[];
  /** Prepared statements by name, those of the protocol included, resolved on the state of the moment: what EXECUTE runs. */
  readonly prepared?: (name: string) => Resolved | undefined;
  /** Cursors and portals by name: what FETCH runs. */
  readonly cursors?: (name: string) => Resolved | undefined;
}

/** What a reference stands for. */
export type Target =
  | { readonly kind: 'relation'; readonly relation: Relation }
  | { readonly kind: 'built-in'; readonly schema: string; readonly name: string }
  | { readonly kind: 'temporary'; readonly name: string }
  /** A WITH query of the statement. */
  | { readonly kind: 'cte' }
  /** To be made by this very statement. */
  | { readonly kind: 'new'; readonly schema: string; readonly name: string }
  | { readonly kind: 'unknown'; readonly schema?: string; readonly name: string };

export function targetOf(reference: RelationReference, catalog: Catalog, names: SessionNames): Target {
  if (reference.cte) return { kind: 'cte' };
  // CREATE TEMP TABLE makes one of its own, whatever else has the name.
  if (reference.temporary && reference.access === 'ddl' && !names.temporary.includes(reference.name))
    return { kind: 'new', schema: 'pg_temp', name: reference.name };
  const found =
    reference.schema === undefined
      ? alongPath(reference.name, catalog, names)
      : within(reference.schema, reference.name, catalog, names);
  if (found && (reference.database === undefined || reference.database === catalog.snapshot.database.name)) return found;
  if (reference.access === 'ddl') return { kind: 'new', schema: creationSchema(reference, catalog, names), name: reference.name };
  return { kind: 'unknown', ...(reference.schema !== undefined && { schema: reference.schema }), name: reference.name };
}

/** As facts name it: `schema.name`, `?.name` for what nobody knows; parts that hold a dot are quoted, so that no two names look alike. */
export function displayName(target: Target): string | undefined {
  switch (target.kind) {
    case 'cte':
      return undefined;
    case 'relation':
      return qualifiedName(target.relation.schema, target.relation.name);
    case 'temporary':
      return qualifiedName('pg_temp', target.name);
    case 'built-in':
    case 'new':
      return qualifiedName(target.schema, target.name);
    case 'unknown':
      return qualifiedName(target.schema ?? '?', target.name);
  }
}

export const qualifiedName = (schema: string, name: string): string => `${part(schema)}.${part(name)}`;

const part = (name: string): string => (/[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name);

// pg_temp and pg_catalog come first unless the path places them itself.
function alongPath(name: string, catalog: Catalog, names: SessionNames): Target | undefined {
  for (const schema of effectivePath(names)) {
    const found = within(schema, name, catalog, names);
    if (found) return found;
  }
  return undefined;
}

function effectivePath({ role, searchPath }: SessionNames): string[] {
  const path = searchPath.map((schema) => (schema === '$user' ? role : schema));
  if (!path.includes('pg_catalog')) path.unshift('pg_catalog');
  if (!path.includes('pg_temp')) path.unshift('pg_temp');
  return path;
}

function within(schema: string, name: string, catalog: Catalog, names: SessionNames): Target | undefined {
  if (schema === 'pg_temp') return names.temporary.includes(name) ? { kind: 'temporary', name } : undefined;
  if (catalog.isBuiltInRelation(schema, name)) return { kind: 'built-in', schema, name };
  const relation = catalog.relation(schema, name);
  return relation && { kind: 'relation', relation };
}

function creationSchema(reference: RelationReference, catalog: Catalog, names: SessionNames): string {
  if (reference.temporary) return 'pg_temp';
  if (reference.schema !== undefined) return reference.schema;
  const path = names.searchPath.map((schema) => (schema === '$user' ? names.role : schema));
  return path.find((schema) => catalog.snapshot.schemas.includes(schema)) ?? '?';
}
