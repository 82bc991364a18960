import { distinctNames, distinctOids } from './order.js';
import type { Cells, Rows } from './rows.js';
import type { StoredCalls, StoredPlace } from './snapshot.js';

const firstUserOid = 16384;

/** What stored expressions call, by the OID of the relation or domain that owns them. */
export function storedCalls(rows: Rows): Map<number, StoredCalls[]> {
  const calls = new Map<number, StoredCalls[]>();
  for (const [owner, own] of rows.by('expressions', 1)) {
    const places = [...new Set(own.map((row) => row.text(0)))].sort();
    calls.set(
      owner,
      places.map((place) => {
        const of = (what: (kind: string) => boolean): Cells[] => own.filter((row) => row.text(0) === place && what(row.text(2)));
        const functions = of((kind) => kind !== 'relid' && kind !== 'resulttype');
        const relations = of((kind) => kind === 'relid');
        return {
          place: place as StoredPlace,
          functions: distinctOids(functions.map((row) => row.number(3)).filter((oid) => oid >= firstUserOid)),
          builtInFunctions: distinctNames(
            functions.filter((row) => row.number(3) < firstUserOid).map((row) => row.optional(4) ?? '?'),
          ),
          relations: distinctOids(relations.map((row) => row.number(3)).filter((oid) => oid >= firstUserOid && oid !== owner)),
          builtInRelations: distinctNames(relations.flatMap((row) => row.optional(5) ?? [])),
          types: distinctOids(of((kind) => kind === 'resulttype').map((row) => row.number(3))),
        };
      }),
    );
  }
  return calls;
}
