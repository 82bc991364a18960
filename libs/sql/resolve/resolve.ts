import type { StatementFacts } from '#events';
import type { Catalog } from '../catalog/catalog.js';
import type { TriggerEvent } from '../catalog/snapshot.js';
import type { WrittenQuery } from '../query.js';
import type { Act, RelationReference, Written } from '../written.js';
import { isUnbounded, locksAll } from './bounds.js';
import { judgeCalls, namedTypes } from './calls.js';
import { Findings } from './findings.js';
import { displayName, type SessionNames, type Target, targetOf } from './names.js';
import { PresentTypes } from './presence.js';
import { Reach } from './reach.js';
import { opaqueRisks, type Risk } from './risks.js';
import { type SettingChange, settingChange } from './settings.js';
import { judgeDomains, judgeDomainsUnnamed } from './stored.js';

/** What a statement does in its session, as far as its text and the catalog tell. */
export interface Resolved {
  readonly facts: StatementFacts;
  /**
   * Whether running it may change what later decisions read: settings, role, catalog, temporary relations. Names of prepared
   * statements and cursors are told by `act` alone, and so is the end of a transaction, which may undo or end what it set.
   */
  readonly changes: 'nothing' | 'state';
  readonly act: Act;
  /** What PREPARE or DECLARE holds, resolved by itself. */
  readonly inner?: Resolved;
  /** What each of the statement's relation references stands for, in their order. */
  readonly relations: readonly ResolvedRelation[];
  /** What it shows, as it is written; absent where it is no query. */
  readonly query?: WrittenQuery;
}

export interface ResolvedRelation {
  readonly reference: RelationReference;
  readonly target: Target;
}

/** Names the version of this analysis: the same facts for the same inputs as long as it stays. */
export const analyzerVersion = 'sql/3';

/** Resolves a statement's names and judges it. Pure and total: what it cannot tell is a risk, never an error. */
export function resolve(written: Written, catalog: Catalog, names: SessionNames): Resolved {
  const found = new Findings(written.effects);
  for (const role of written.assumes ?? []) found.assumes.add(role);
  const relations = written.relations.map((reference) => ({ reference, target: targetOf(reference, catalog, names) }));
  followRelations(written, relations, catalog, found);
  judgeText(written, relations, catalog, names, found);
  judgeBounds(written, relations, catalog, found);
  judgeVerb(written, found);
  const setting = judgeAct(written.act, found);
  runNamed(written.act, names, found);
  return {
    facts: {
      verb: written.verb,
      effects: [...found.effects].sort(),
      reads: [...found.reads].sort(),
      writes: [...found.writes].sort(),
      functions: [...found.functions].sort(),
      ...(setting && { settings: [setting.name] }),
      ...(found.assumes.size > 0 && { assumes: [...found.assumes].sort() }),
      unbounded: found.unbounded,
      risks: [...found.risks].sort(),
      from: written.from,
      to: written.to,
    },
    changes: changesState(written.act, setting, found) ? 'state' : 'nothing',
    act: written.act,
    ...((written.act.kind === 'prepare' || written.act.kind === 'declare') && {
      inner: resolve(written.act.inner, catalog, names),
    }),
    relations,
    ...(written.query && { query: written.query }),
  };
}

const plansOnly = (act: Act): boolean => act.kind === 'explain' && !act.analyze;

function followRelations(written: Written, relations: readonly ResolvedRelation[], catalog: Catalog, found: Findings): void {
  const reach = new Reach(catalog, found);
  relations.forEach(({ reference, target }, index) => {
    const writes = (reference.access === 'write' || reference.access === 'ddl') && !plansOnly(written.act);
    const name = displayName(target);
    if (name !== undefined) (writes ? found.writes : found.reads).add(name);
    if (target.kind === 'unknown') found.risks.add('unknown-relation');
    if (target.kind === 'temporary') found.risks.add('temporary-relation');
    // Writing to a catalog sets what no SET shows: UPDATE pg_settings is set_config by another name.
    if (target.kind === 'built-in' && writes) {
      found.risks.add('dynamic-sql');
      if (name === settingsView) found.assumes.add('*');
    }
    if (target.kind !== 'relation' || reference.access === 'ddl') return;
    if (!writes) reach.reading(target.relation, reference.only);
    else
      for (const { event, assigned } of writesOn(written, index)) reach.writing(target.relation, event, reference.only, assigned);
  });
}

const settingsView = 'pg_catalog.pg_settings';

interface Write {
  readonly event: TriggerEvent;
  readonly assigned?: readonly string[];
}

function writesOn(written: Written, index: number): readonly Write[] {
  const modifications = written.modifications.filter(({ target }) => target === index);
  if (modifications.length > 0)
    return modifications.flatMap(({ events, assigned }) => events.map((event) => ({ event, assigned })));
  return [{ event: written.verb === 'TRUNCATE' ? 'TRUNCATE' : 'INSERT' }]; // COPY FROM
}

function judgeText(
  written: Written,
  relations: readonly ResolvedRelation[],
  catalog: Catalog,
  { parameterTypes = [] }: SessionNames,
  found: Findings,
): void {
  const present = new PresentTypes(catalog);
  const columns = new Set<string>();
  for (const { target } of relations) {
    if (target.kind === 'temporary' || target.kind === 'unknown') present.addEverything();
    if (target.kind !== 'relation') continue;
    present.addRelation(target.relation);
    for (const column of target.relation.columns) columns.add(column.name);
  }
  for (const type of [...namedTypes(written, catalog), ...parameterTypes]) {
    present.add(type);
    judgeDomains(type, catalog, found);
  }
  if (parameterTypes.some((type) => type >= firstUserOid && !catalog.typeByOid(type))) found.risks.add('type-unseen');
  judgeDomainsUnnamed(
    written,
    relations.map(({ target }) => target),
    catalog,
    found,
  );
  judgeCalls(written, catalog, present, columns, found);
}

const firstUserOid = 16384;

function judgeBounds(written: Written, relations: readonly ResolvedRelation[], catalog: Catalog, found: Findings): void {
  if (!plansOnly(written.act)) {
    found.unbounded =
      written.verb === 'TRUNCATE' ||
      written.modifications.some((modification) => {
        const on = relations[modification.target];
        return isUnbounded(modification, on?.target, on?.reference.only === true, catalog);
      });
    if (found.unbounded) found.risks.add('mass-write');
  }
  for (const locking of written.locking) {
    const on = locking.target === undefined ? undefined : relations[locking.target];
    if (locksAll(locking, on?.target, catalog)) found.risks.add('lock-all');
  }
}

const verbRisks: Readonly<Partial<Record<string, Risk>>> = {
  DO: 'do-block',
  CALL: 'call',
  'LOCK TABLE': 'lock-table',
  NOTIFY: 'notify',
  'PREPARE TRANSACTION': 'two-phase',
  'COMMIT PREPARED': 'two-phase',
  'ROLLBACK PREPARED': 'two-phase',
};

function judgeVerb({ verb, drops }: Written, found: Findings): void {
  const risk = verbRisks[verb];
  if (risk !== undefined) found.risks.add(risk);
  if (drops) found.risks.add('drop');
  if (/ (PUBLICATION|SUBSCRIPTION)$/.test(verb)) found.risks.add('replication');
}

function judgeAct(act: Act, found: Findings): SettingChange | undefined {
  if (act.kind === 'copy' && act.end !== 'client') found.risks.add(act.end);
  const setting = settingChange(act);
  if (setting?.risk !== undefined) found.risks.add(setting.risk);
  return setting;
}

/** The statement that a name stands for runs: EXECUTE, EXPLAIN EXECUTE, FETCH. PREPARE and DECLARE hold theirs in their own text. */
function runNamed(act: Act, names: SessionNames, found: Findings): void {
  const named = namedBy(act, names);
  if (named === 'none') return;
  if (named === undefined) found.risks.add('statement-unseen');
  else include(named, found);
}

function namedBy(act: Act, names: SessionNames): Resolved | undefined | 'none' {
  if (act.kind === 'execute') return names.prepared?.(act.name);
  if (act.kind === 'explain' && act.executes !== undefined) return names.prepared?.(act.executes);
  return act.kind === 'fetch' ? names.cursors?.(act.name) : 'none';
}

function include({ facts, changes }: Resolved, found: Findings): void {
  for (const effect of facts.effects) found.effects.add(effect);
  for (const name of facts.reads) found.reads.add(name);
  for (const name of facts.writes) found.writes.add(name);
  for (const name of facts.functions) found.functions.add(name);
  for (const risk of facts.risks) found.risks.add(risk as Risk);
  for (const role of facts.assumes ?? []) found.assumes.add(role);
  found.unbounded ||= facts.unbounded;
  found.matters ||= changes === 'state';
}

function changesState(act: Act, setting: SettingChange | undefined, found: Findings): boolean {
  if (found.matters || setting?.matters === true || act.kind === 'reset-all') return true;
  if (act.kind === 'discard') return act.what === 'all' || act.what === 'temp';
  if (act.kind === 'transaction') return act.command === 'commit-prepared';
  if (found.effects.has('ddl') || found.effects.has('privilege') || found.effects.has('code')) return true;
  return [...found.risks].some((risk) => opaqueRisks.has(risk));
}
