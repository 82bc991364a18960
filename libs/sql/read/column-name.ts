import { list, names, nodeOf, text, untag } from './tree.js';

/** What Postgres calls a column that is given no name, as its FigureColname does; undefined where it is not told by the value alone. */
export function columnName(value: unknown): string | undefined {
  const [tag, node] = untag(value) ?? ['', {}];
  switch (tag) {
    case 'ColumnRef':
      return names(node['fields']).findLast((name) => name !== '*');
    case 'A_Indirection':
      return names(node['indirection']).findLast((name) => name !== '*' && name !== '') ?? columnName(node['arg']);
    case 'FuncCall':
      return names(node['funcname']).at(-1);
    case 'CollateClause':
      return columnName(node['arg']);
    case 'TypeCast':
      return columnName(node['arg']) ?? names((node['typeName'] as { names?: unknown } | undefined)?.names).at(-1);
    case 'CaseExpr':
      return columnName(node['defresult']) ?? 'case';
    case 'CoalesceExpr':
      return 'coalesce';
    case 'MinMaxExpr':
      return node['op'] === 'IS_LEAST' ? 'least' : 'greatest';
    case 'A_ArrayExpr':
      return 'array';
    case 'RowExpr':
      return 'row';
    case 'A_Expr':
      return node['kind'] === 'AEXPR_NULLIF' ? 'nullif' : undefined;
    case 'SubLink':
      return subLinkName(text(node['subLinkType']), node['subselect']);
    default:
      return undefined;
  }
}

function subLinkName(type: string, subselect: unknown): string | undefined {
  if (type === 'EXISTS_SUBLINK') return 'exists';
  if (type === 'ARRAY_SUBLINK') return 'array';
  if (type !== 'EXPR_SUBLINK') return undefined;
  const target = nodeOf(list(nodeOf(subselect, 'SelectStmt')?.['targetList'])[0], 'ResTarget');
  const name = target?.['name'];
  return typeof name === 'string' ? name : columnName(target?.['val']);
}
