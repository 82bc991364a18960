import type { Catalog, Relation } from '#sql';
import { isTrusted } from './allowed-functions.js';
import { hiddenColumns } from './allowed-relations.js';

/** A view, and whatever views it rests on, may call what a statement may not, and read what it may not. */
export function showsUnseen(view: Relation, catalog: Catalog): boolean {
  return [...restsOn(view, catalog)].some(({ calls }) =>
    calls
      .filter(({ place }) => place === 'rule')
      .some(
        ({ functions, builtInFunctions, builtInRelations }) =>
          functions.some((oid) => !isTrustedFunction(oid, catalog)) ||
          builtInFunctions.some((name) => reaching.test(name)) ||
          builtInRelations.some((name) => hiddenColumns(name)?.length !== 0),
      ),
  );
}

/** The view itself among them. */
function restsOn(view: Relation, catalog: Catalog, found = new Set<Relation>()): Set<Relation> {
  if (found.has(view)) return found;
  found.add(view);
  for (const { place, relations } of view.calls)
    for (const oid of place === 'rule' ? relations : []) {
      const below = catalog.relationByOid(oid);
      if (below) restsOn(below, catalog, found);
    }
  return found;
}

function isTrustedFunction(oid: number, catalog: Catalog): boolean {
  const called = catalog.functionByOid(oid);
  return called !== undefined && isTrusted(called);
}

/** Names of built-in functions that reach beyond their arguments. A view also calls those behind operators, which no list has. */
const reaching =
  /^(pg_(?!typeof|column_size|size|backend_pid)|lo_|lo(read|write)|ts_(stat|rewrite)|cursor_|(col|obj|shobj)_description|current_(query|setting)|set_config)|_to_xml/;
