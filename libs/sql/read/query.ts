import type { ColumnRead, Expression, FromItem, OutputColumn, QueryBody, WithQuery, WrittenQuery } from '../query.js';
import { columnName } from './column-name.js';
import { constantText, eachChild, list, names, type Node, nodeOf, text, untag } from './tree.js';

/** The index of a RangeVar among the relations of its statement. */
type IndexOf = (relation: Node) => number;

/** Queries within queries, and joins within joins, that are read: the parser takes more than can be handed from thread to thread. */
const deepest = { queries: 64, joins: 500 } as const;

/** Reads what the result columns of a SelectStmt are made of. */
export class QueryReader {
  private depth = 0;
  private readonly plain = new PlainReads();

  constructor(private readonly indexOf: IndexOf) {}

  query(select: Node): WrittenQuery {
    if (this.depth >= deepest.queries) return { with: [], body: { kind: 'unread' } };
    this.depth++;
    const clause = select['withClause'] as Node | undefined;
    const recursive = clause?.['recursive'] === true;
    const ctes = list(clause?.['ctes']).map((cte) => this.withQuery(nodeOf(cte, 'CommonTableExpr') ?? {}, recursive));
    const body = this.body(select);
    this.depth--;
    return { with: ctes, body };
  }

  private body(select: Node): QueryBody {
    if (isCombined(select)) return { kind: 'combined', sides: sidesOf(select).map((side) => this.query(side)) };
    const rows = list(select['valuesLists']).map((row) => list(nodeOf(row, 'List')?.['items']));
    if (rows.length > 0)
      return { kind: 'values', columns: (rows[0] ?? []).map((_, i) => this.expression(rows.map((row) => row[i]))) };
    const from = list(select['fromClause']);
    if (joinsIn(from) > deepest.joins) return { kind: 'unread' };
    const windows = list(select['windowClause']);
    return {
      kind: 'select',
      from: from.map((item) => this.from(item)),
      columns: list(select['targetList']).map((target) => this.column(nodeOf(target, 'ResTarget') ?? {}, windows)),
    };
  }

  private withQuery(cte: Node, recursive: boolean): WithQuery {
    const select = nodeOf(cte['ctequery'], 'SelectStmt');
    return {
      name: text(cte['ctename']),
      names: names(cte['aliascolnames']),
      recursive,
      ...(select && { query: this.query(select) }),
      adds: cte['search_clause'] !== undefined || cte['cycle_clause'] !== undefined,
    };
  }

  private from(item: unknown): FromItem {
    const [tag, node] = untag(item) ?? ['', {}];
    const alias = node['alias'] as Node | undefined;
    const called = { ...(alias && { alias: text(alias['aliasname']) }), names: names(alias?.['colnames']) };
    switch (tag) {
      case 'RangeVar':
        return { kind: 'relation', relation: this.indexOf(node), ...called };
      case 'RangeTableSample':
        return this.from(node['relation']);
      case 'RangeSubselect':
        return {
          kind: 'query',
          query: this.query(nodeOf(node['subquery'], 'SelectStmt') ?? {}),
          lateral: node['lateral'] === true,
          ...called,
        };
      case 'JoinExpr':
        return {
          kind: 'join',
          join: joins[text(node['jointype'])] ?? 'full',
          left: this.from(node['larg']),
          right: this.from(node['rarg']),
          using: names(node['usingClause']),
          natural: node['isNatural'] === true,
          ...called,
        };
      default:
        return this.function(tag, node, called);
    }
  }

  private function(tag: string, node: Node, called: { readonly alias?: string; readonly names: readonly string[] }): FromItem {
    const listed = list(node['coldeflist']).map((column) => text(nodeOf(column, 'ColumnDef')?.['colname']));
    const own = list(nodeOf(list(node['functions'])[0], 'List')?.['items'])[0];
    const name = called.alias ?? (own === undefined ? undefined : columnName(own));
    return {
      kind: 'function',
      value: this.expression([{ [tag]: node }]),
      ...called,
      ...(name !== undefined && { alias: name }),
      names: listed.length > 0 ? listed : called.names,
      listed: listed.length > 0,
    };
  }

  private column(target: Node, windows: readonly unknown[]): OutputColumn {
    const { name, val } = target;
    const [tag, node] = untag(val) ?? ['', {}];
    const path = tag === 'ColumnRef' ? names(node['fields']) : [];
    if (path.at(-1) === '*') return { kind: 'star', path: path.slice(0, -1) };
    if (tag === 'A_Indirection' && names(node['indirection']).at(-1) === '*')
      return {
        kind: 'fields',
        value: this.expression([{ A_Indirection: { ...node, indirection: list(node['indirection']).slice(0, -1) } }]),
      };
    const called = typeof name === 'string' ? name : columnName(val);
    return { kind: 'value', ...(called !== undefined && { name: called }), value: this.expression([val], windows) };
  }

  /** @param windows WINDOW clauses, which a call may name */
  private expression(values: readonly unknown[], windows: readonly unknown[] = []): Expression {
    const only = values.length === 1 ? this.plain.of(values[0]) : undefined;
    if (only) return { reads: [only], queries: [], plain: true };
    const reads = new Map<string, ColumnRead>();
    const queries: WrittenQuery[] = [];
    const visit = (tag: string, node: Node): void => {
      const read = this.plain.read(tag, node);
      if (read) reads.set(JSON.stringify(read), read);
      else if (tag === 'SelectStmt') queries.push(this.query(node));
      else if (tag === 'SubLink' && node['subLinkType'] === 'EXISTS_SUBLINK') return;
      else {
        const named = tag === 'WindowDef' ? text(node['name'] ?? node['refname']) : '';
        const window = windows.find((one) => named !== '' && nodeOf(one, 'WindowDef')?.['name'] === named);
        if (window !== undefined) eachChild('WindowDef', nodeOf(window, 'WindowDef') ?? {}, visit, () => undefined);
        eachChild(tag, node, visit, () => undefined);
      }
    };
    for (const value of values) {
      const [tag, node] = untag(value) ?? [];
      if (tag !== undefined && node !== undefined) visit(tag, node);
    }
    return { reads: [...reads.values()], queries, plain: false };
  }
}

const isCombined = ({ op }: Node): boolean => op !== undefined && op !== 'SETOP_NONE';

/** A chain of set operations leans to the left, however long it is. What EXCEPT takes away is not shown. */
function sidesOf(select: Node): Node[] {
  const sides: Node[] = [];
  let at = select;
  for (; isCombined(at) && (at === select || at['withClause'] === undefined); at = at['larg'] as Node)
    if (at['op'] !== 'SETOP_EXCEPT') sides.unshift(at['rarg'] as Node);
  return [at, ...sides];
}

/** How many joins stand in a FROM. */
function joinsIn(from: readonly unknown[]): number {
  const left = [...from];
  let count = 0;
  for (let item = left.pop(); item !== undefined; item = left.pop()) {
    const join = nodeOf(item, 'JoinExpr');
    if (!join) continue;
    left.push(join['larg'], join['rarg']);
    count++;
  }
  return count;
}

const joins: Readonly<Record<string, 'inner' | 'left' | 'right' | 'full'>> = {
  JOIN_INNER: 'inner',
  JOIN_LEFT: 'left',
  JOIN_RIGHT: 'right',
  JOIN_FULL: 'full',
};

/** Columns, and what constant keys pick out of one. Each node is looked at once, however deep they are nested. */
class PlainReads {
  private readonly known = new Map<Node, ColumnRead | undefined>();

  of(value: unknown): ColumnRead | undefined {
    const [tag, node] = untag(value) ?? [];
    return tag === undefined || node === undefined ? undefined : this.read(tag, node);
  }

  read(tag: string, node: Node): ColumnRead | undefined {
    if (tag === 'ColumnRef') return { path: names(node['fields']), keys: [] };
    if (tag !== 'A_Indirection' && tag !== 'A_Expr') return undefined;
    if (!this.known.has(node)) this.known.set(node, tag === 'A_Expr' ? this.picked(node) : this.indirect(node));
    return this.known.get(node);
  }

  private picked(node: Node): ColumnRead | undefined {
    const [operator = '', schema = 'pg_catalog'] = names(node['name']).toReversed();
    if (node['kind'] !== 'AEXPR_OP' || schema !== 'pg_catalog') return undefined;
    const keys = keysOf(operator, node['rexpr']);
    const base = keys && this.of(node['lexpr']);
    return base && { ...base, keys: [...base.keys, ...keys] };
  }

  private indirect(node: Node): ColumnRead | undefined {
    let read = this.of(node['arg']);
    for (const item of list(node['indirection'])) {
      const [tag, inner] = untag(item) ?? ['', {}];
      const key = tag === 'A_Indices' && inner['is_slice'] !== true ? constant(inner['uidx']) : undefined;
      if (!read) return undefined;
      if (tag === 'String' && read.keys.length === 0) read = { ...read, path: [...read.path, text(inner['sval'])] };
      else if (key !== undefined) read = { ...read, keys: [...read.keys, key] };
      else return undefined;
    }
    return read;
  }
}

const arrows: ReadonlySet<string> = new Set(['->', '->>', '#>', '#>>']);

function keysOf(operator: string, right: unknown): readonly string[] | undefined {
  const key = arrows.has(operator) ? constant(right) : undefined;
  if (key === undefined) return undefined;
  if (operator === '->' || operator === '->>') return [key];
  // An array constant in its plain form: what is quoted or escaped in it is not read here.
  if (!/^\{[^{}"\\]*\}$/.test(key)) return undefined;
  return key
    .slice(1, -1)
    .split(',')
    .map((one) => one.trim());
}

/** Strings alone: texts that differ in numbers are read once, and have to say the same. */
const constant = (value: unknown): string | undefined =>
  nodeOf(value, 'A_Const')?.['sval'] === undefined ? undefined : constantText(value);
