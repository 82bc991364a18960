import type { Catalog } from '../catalog/catalog.js';
import type { Relation, StoredPlace, TriggerEvent } from '../catalog/snapshot.js';
import type { Findings } from './findings.js';
import { qualifiedName } from './names.js';
import type { Risk } from './risks.js';
import { judgeDomains, judgeStored } from './stored.js';

const nameOf = ({ schema, name }: Relation): string => qualifiedName(schema, name);

const callsIn = (relation: Relation, place: StoredPlace) => relation.calls.filter((calls) => calls.place === place);

/** Follows what reading and writing a relation reaches: views to their tables, parents to partitions, triggers, defaults, cascades. */
export class Reach {
  private readonly read = new Set<number>();
  private readonly written = new Set<string>();

  constructor(
    private readonly catalog: Catalog,
    private readonly found: Findings,
  ) {}

  /** Reads a relation: views with all that they rest on, tables with their partitions and children. */
  reading(relation: Relation, only: boolean): void {
    this.readOne(relation);
    for (const parent of this.partitionParents(relation)) this.found.reads.add(nameOf(parent));
    if (!only) for (const child of this.catalog.descendants(relation.oid)) this.readOne(child);
  }

  private readOne(relation: Relation): void {
    this.found.reads.add(nameOf(relation));
    if (this.read.has(relation.oid)) return;
    this.read.add(relation.oid);
    if (relation.kind === 'foreign table') this.foreign();
    if (relation.rowSecurity) this.judge(relation, 'policy', 'rls-function');
    if (relation.kind !== 'view' && relation.kind !== 'materialized view') return;
    for (const calls of callsIn(relation, 'rule')) {
      // A materialized view holds rows: its query runs when it is refreshed.
      if (relation.kind === 'view') judgeStored(calls, 'view-function', this.catalog, this.found);
      for (const name of calls.builtInRelations) this.found.reads.add(name);
      for (const oid of calls.relations) {
        const below = this.catalog.relationByOid(oid);
        if (below) this.reading(below, false);
      }
    }
  }

  /**
   * Writes to a relation: what else changes, and what runs along.
   * @param assigned the columns that get a value, where they are known
   */
  writing(relation: Relation, event: TriggerEvent, only: boolean, assigned?: readonly string[]): void {
    this.writeOne(relation, event, assigned);
    for (const parent of this.partitionParents(relation)) this.found.writes.add(nameOf(parent));
    if (!only) for (const child of this.catalog.descendants(relation.oid)) this.writeOne(child, event, assigned);
  }

  private writeOne(relation: Relation, event: TriggerEvent, assigned: readonly string[] | undefined): void {
    const key = `${relation.oid} ${event}`;
    this.found.writes.add(nameOf(relation));
    if (this.written.has(key)) return;
    this.written.add(key);
    if (relation.kind === 'foreign table') this.foreign();
    if (relation.rowSecurity) this.judge(relation, 'policy', 'rls-function');
    if (relation.triggers.some(({ events }) => events.includes(event))) {
      this.found.risks.add('trigger');
      for (const trigger of relation.triggers) this.nameFunction(trigger.function);
    }
    if (relation.rules.some((rule) => rule === event)) this.found.risks.add('rule');
    if (event === 'INSERT' || event === 'UPDATE') this.judgeValues(relation);
    if (relation.kind === 'view') this.throughView(relation, event);
    this.cascade(relation, event, assigned);
  }

  private judgeValues(relation: Relation): void {
    this.judge(relation, 'default', 'default-function');
    this.judge(relation, 'check', 'check-function');
    this.judge(relation, 'index', 'index-function');
    this.judge(relation, 'partition', 'index-function');
    for (const column of relation.columns) judgeDomains(column.type, this.catalog, this.found);
  }

  // An updatable view passes the write on to its table.
  private throughView(view: Relation, event: TriggerEvent): void {
    for (const calls of callsIn(view, 'rule')) {
      judgeStored(calls, 'view-function', this.catalog, this.found);
      if (calls.builtInRelations.length > 0) this.throughCatalog(calls.builtInRelations);
      for (const oid of calls.relations) {
        const below = this.catalog.relationByOid(oid);
        if (below) this.writing(below, event, false);
      }
    }
  }

  // A write to a catalog sets what no SET shows: UPDATE pg_settings is set_config by another name.
  private throughCatalog(names: readonly string[]): void {
    this.found.risks.add('dynamic-sql');
    if (names.includes('pg_catalog.pg_settings')) this.found.assumes.add('*');
  }

  private cascade(relation: Relation, event: TriggerEvent, assigned: readonly string[] | undefined): void {
    for (const { to, columns, on, by } of relation.cascades) {
      const other = this.catalog.relationByOid(to);
      const untouched = event === 'UPDATE' && assigned !== undefined && !columns.some((column) => assigned.includes(column));
      if (on !== event || !other || untouched) continue;
      this.found.risks.add('cascade');
      this.writing(other, by, false);
    }
  }

  private judge(relation: Relation, place: StoredPlace, unseen: Risk): void {
    for (const calls of callsIn(relation, place)) {
      judgeStored(calls, unseen, this.catalog, this.found);
      if (place === 'policy') for (const oid of calls.relations) this.throughPolicy(oid);
    }
  }

  // A policy's sub-selects run with the reader's own rights.
  private throughPolicy(oid: number): void {
    const below = this.catalog.relationByOid(oid);
    if (below) this.reading(below, false);
  }

  private foreign(): void {
    this.found.risks.add('foreign-table');
    this.found.effects.add('network');
  }

  private nameFunction(oid: number): void {
    const called = this.catalog.functionByOid(oid);
    if (called) this.found.functions.add(qualifiedName(called.schema, called.name));
  }

  private partitionParents(relation: Relation): Relation[] {
    return relation.isPartition ? this.catalog.ancestors(relation) : [];
  }
}
