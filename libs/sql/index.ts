export { SqlParser, type SqlParserOptions, unparsable } from './parse/parser.js';
export type {
  Act,
  ColumnReference,
  Effect,
  FunctionReference,
  Modification,
  Parsed,
  QualifiedName,
  RelationReference,
  RowLocking,
  Setting,
  TransactionCommand,
  TypeReference,
  Written,
} from './written.js';
export { verbs } from './verbs.js';
