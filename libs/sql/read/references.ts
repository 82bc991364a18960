import type { DefinitionCall, Modification, QualifiedColumn, RelationReference, RowLocking, TypeReference } from '../written.js';
import { definitionCall, definitionFunctions } from './definitions.js';
import { assumedByCall, assumedBySetting } from './assumed.js';
import { droppedRelations } from './dropped.js';
import { endOfName, skipSpace } from './identifiers.js';
import { equalityKeys, qualifiersOf } from './keys.js';
import { modification } from './modifications.js';
import { Named } from './named.js';
import { eachChild, list, names, type Node, nodeOf, number, text } from './tree.js';
import { lockStrength } from './verb.js';

/** Where a node stands: what a name means there depends on it. */
interface Place {
  /** WITH queries in scope. */
  readonly ctes: ReadonlySet<string>;
  readonly access: RelationReference['access'];
  readonly modifying: boolean;
  readonly sampled: boolean;
}

const outermost: Place = { ctes: new Set(), access: 'ddl', modifying: false, sampled: false };

/** Gathers what one statement refers to, from every node of its tree. */
export class References {
  /** A column may be read that no reference names. */
  renames = false;
  arrays = false;
  /** Roles that it makes the session run as. */
  readonly assumes = new Set<string>();
  readonly relations: RelationReference[] = [];
  readonly qualified: QualifiedColumn[] = [];
  readonly definitions: DefinitionCall[] = [];
  readonly modifications: Modification[] = [];
  readonly locking: RowLocking[] = [];
  /** Names of everything else, each once. */
  readonly named = new Named();
  private readonly unknownTags = new Set<string>();
  /** The statement itself is a SET; one within another is kept for later. */
  private isSetting = false;
  private readonly indexOfRelation = new Map<Node, number>();

  constructor(private readonly sql: Uint8Array) {}

  /** Reads a statement, or any node by itself. */
  read(tag: string, node: Node): this {
    this.isSetting = tag === 'VariableSetStmt';
    this.visit(tag, node, outermost);
    return this;
  }

  /** The place of a RangeVar among `relations`; −1 for one that was not read. */
  readonly indexOf = (relation: Node): number => this.indexOfRelation.get(relation) ?? -1;

  get unknown(): string[] {
    return [...this.unknownTags].sort();
  }

  private visit(tag: string, node: Node, place: Place): void {
    switch (tag) {
      case 'A_Const':
      case 'LockingClause': // its names are aliases, not relations
        return;
      case 'SelectStmt':
        this.select(node, place);
        return;
      case 'InsertStmt':
      case 'UpdateStmt':
      case 'DeleteStmt':
      case 'MergeStmt':
        this.modify(tag, node, place);
        return;
      case 'RangeVar':
        this.relation(node, place);
        return;
      case 'RangeTableSample':
        this.named.function(names(node['method']), 1, number(node['location']));
        this.descend(tag, node, { ...place, sampled: true });
        return;
      case 'CopyStmt':
        this.descend(tag, node, { ...place, access: node['is_from'] === true ? 'write' : 'read' });
        return;
      case 'TruncateStmt':
        this.descend(tag, node, { ...place, access: 'write' });
        return;
      case 'LockStmt':
        this.descend(tag, node, { ...place, access: 'lock' });
        return;
      case 'TypeCast':
        this.cast(node, place);
        return;
      case 'TypeName':
        this.type(node, 'other');
        return;
      default:
        this.note(tag, node);
        this.descend(tag, node, place);
    }
  }

  private descend(tag: string, node: Node, place: Place): void {
    eachChild(
      tag,
      node,
      (childTag, child) => {
        this.visit(childTag, child, place);
      },
      (what) => this.unknownTags.add(what),
    );
  }

  private select(node: Node, outer: Place): void {
    const place = { ...this.with(node, outer), access: 'read' as const, sampled: false };
    const { intoClause } = node;
    this.descend('SelectStmt', { ...node, withClause: undefined, intoClause: undefined }, place);
    if (intoClause !== undefined) this.visit('IntoClause', intoClause as Node, { ...place, access: 'ddl' });
    for (const clause of list(node['lockingClause'])) this.lock(node, nodeOf(clause, 'LockingClause') ?? {});
  }

  private modify(tag: string, node: Node, outer: Place): void {
    const place = { ...this.with(node, { ...outer, modifying: true }), access: 'read' as const, sampled: false };
    this.visit('RangeVar', node['relation'] as Node, { ...place, access: 'write' });
    this.descend(tag, { ...node, withClause: undefined, relation: undefined }, place);
    this.modifications.push(modification(tag, node, this.indexOfRelation.get(node['relation'] as Node) ?? 0));
  }

  /** The place after WITH: a query sees those before it, under RECURSIVE all of them; the statement sees all. */
  private with(node: Node, outer: Place): Place {
    const clause = node['withClause'] as Node | undefined;
    if (clause === undefined) return outer;
    const queries = list(clause['ctes']).map((cte) => nodeOf(cte, 'CommonTableExpr') ?? {});
    const all = new Set([...outer.ctes, ...queries.map((query) => text(query['ctename']))]);
    const seen = new Set(outer.ctes);
    for (const query of queries) {
      this.descend('CommonTableExpr', query, { ...outer, ctes: clause['recursive'] === true ? all : new Set(seen) });
      seen.add(text(query['ctename']));
    }
    return { ...outer, ctes: all };
  }

  private relation(node: Node, place: Place): void {
    const { schemaname: schema, catalogname: database } = node;
    const name = text(node['relname']);
    const alias = node['alias'] as Node | undefined;
    const at = number(node['location']);
    const end =
      at < 0 ? undefined : endOfName(this.sql, at, 1 + (schema === undefined ? 0 : 1) + (database === undefined ? 0 : 1));
    this.indexOfRelation.set(node, this.relations.length);
    this.relations.push({
      ...(database !== undefined && { database: text(database) }),
      ...(schema !== undefined && { schema: text(schema) }),
      name,
      ...(alias !== undefined && { alias: text(alias['aliasname']) }),
      access: place.access,
      ...(end !== undefined && { at, end }),
      only: node['inh'] !== true,
      sampled: place.sampled,
      modifying: place.modifying,
      cte: place.access === 'read' && schema === undefined && place.ctes.has(name),
      temporary: node['relpersistence'] === 't',
    });
    if (alias !== undefined) this.descend('RangeVar', { alias }, place);
  }

  private lock(select: Node, clause: Node): void {
    const from = list(select['fromClause']);
    const only = from.length === 1 ? nodeOf(from[0], 'RangeVar') : undefined;
    const target = only && this.indexOfRelation.get(only);
    this.locking.push({
      strength: lockStrength(clause),
      of: list(clause['lockedRels']).map((locked) => text(nodeOf(locked, 'RangeVar')?.['relname'])),
      ...(target !== undefined && { target }),
      keys: only === undefined ? [] : equalityKeys(select['whereClause'], qualifiersOf(only), true),
    });
  }

  private define(path: readonly string[], at: number): void {
    if (!definitionFunctions.has(path.at(-1) ?? '')) return;
    const call = definitionCall(this.sql, path, at);
    if (call) this.definitions.push(call);
    else this.unknownTags.add('a call of unclear place');
  }

  private assume(role: string | undefined): void {
    if (role !== undefined) this.assumes.add(role);
  }

  private qualify(path: readonly string[], from: number): void {
    const [, table, schema] = path.toReversed();
    if (table === undefined || schema === undefined) return;
    const dot = endOfName(this.sql, from, path.length - 2);
    // The name has been read as one with its schema: where the bytes say otherwise, the place is of no use to anybody.
    if (dot !== undefined) this.qualified.push({ schema, table, from, to: skipSpace(this.sql, skipSpace(this.sql, dot) + 1) });
  }

  private cast(node: Node, place: Place): void {
    const constant = nodeOf(node['arg'], 'A_Const');
    const isString = constant !== undefined && (constant['sval'] !== undefined || constant['isnull'] === true);
    this.type(node['typeName'] as Node, isString ? 'literal' : 'cast');
    this.descend('TypeCast', { arg: node['arg'] }, place);
  }

  private type(node: Node, use: TypeReference['use']): void {
    this.named.type(names(node['names']), list(node['arrayBounds']).length > 0, use);
  }

  /** What a node that is not treated by itself refers to. */
  private note(tag: string, node: Node): void {
    switch (tag) {
      case 'FuncCall':
        this.named.function(
          names(node['funcname']),
          list(node['args']).length + (node['agg_within_group'] === true ? list(node['agg_order']).length : 0),
          number(node['location']),
        );
        this.define(names(node['funcname']), number(node['location']));
        this.assume(assumedByCall(node));
        return;
      case 'VariableSetStmt':
        this.assume(assumedBySetting(node, this.isSetting ? 'now' : 'later'));
        return;
      case 'ColumnRef':
        this.named.column(names(node['fields']), number(node['location']));
        this.qualify(names(node['fields']), number(node['location']));
        return;
      case 'InferClause': // ON CONFLICT (ssn) compares with what is there
        for (const element of list(node['indexElems'])) {
          const name = text(nodeOf(element, 'IndexElem')?.['name']);
          if (name !== '') this.named.column([name], number(node['location']));
        }
        return;
      case 'A_Indirection':
        for (const name of names(node['indirection'])) if (name !== '') this.named.column([name]);
        return;
      case 'A_Expr':
        for (const path of operatorsOf(node)) this.named.operator(path);
        return;
      case 'SubLink': // x IN (SELECT …) has no operator of its own
        if (node['testexpr'] !== undefined) this.named.operator(node['operName'] === undefined ? ['='] : names(node['operName']));
        return;
      case 'SortBy':
        if (node['useOp'] !== undefined) this.named.operator(names(node['useOp']));
        return;
      case 'CaseExpr':
        if (node['arg'] !== undefined) this.named.operator(['=']);
        return;
      case 'JoinExpr':
        if (node['isNatural'] === true || node['usingClause'] !== undefined) this.named.operator(['=']);
        if (node['isNatural'] === true || node['usingClause'] !== undefined || node['alias'] !== undefined) this.renames = true;
        return;
      case 'Alias':
        if (node['colnames'] !== undefined) this.renames = true;
        return;
      case 'A_ArrayExpr':
        this.arrays = true;
        return;
      case 'DropStmt':
      case 'CommentStmt':
      case 'SecLabelStmt':
        this.relations.push(...droppedRelations(node));
        return;
      default:
        if (hidesFunction.has(tag)) this.named.special(specialOf(tag, node));
    }
  }
}

const between = [['>='], ['<='], ['<'], ['>']];

function operatorsOf(expression: Node): readonly string[][] {
  return text(expression['kind']).includes('BETWEEN') ? between : [names(expression['name'])];
}

const hidesFunction = new Set([
  'SQLValueFunction',
  'XmlExpr',
  'XmlSerialize',
  'JsonFuncExpr',
  'JsonParseExpr',
  'JsonScalarExpr',
  'JsonSerializeExpr',
  'JsonTable',
  'JsonObjectConstructor',
  'JsonArrayConstructor',
  'JsonArrayQueryConstructor',
  'JsonObjectAgg',
  'JsonArrayAgg',
  'JsonIsPredicate',
  'RangeTableFunc',
  'MergeSupportFunc',
  'ReturningOption',
]);

const specialOf = (tag: string, node: Node): string => {
  const op = text(node['op']).replace(/^(SVFOP|IS)_/, '');
  return op === '' ? tag : `${tag} ${op}`;
};
