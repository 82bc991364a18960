export { Catalog } from './catalog/catalog.js';
export { CatalogReader } from './catalog/reader.js';
export { MalformedCatalog } from './catalog/rows.js';
export type {
  BuiltInColumns,
  CatalogSnapshot,
  Column,
  Relation,
  RelationKind,
  StoredCalls,
  StoredPlace,
  TriggerEvent,
  UserCast,
  UserFunction,
  UserOperator,
  UserType,
} from './catalog/snapshot.js';
export { SqlParser, type SqlParserOptions, unparsable } from './parse/parser.js';
export type { ColumnRead, Expression, FromItem, OutputColumn, QueryBody, WithQuery, WrittenQuery } from './query.js';
export type {
  Act,
  ColumnReference,
  DefinitionCall,
  Effect,
  FunctionReference,
  Modification,
  Parsed,
  QualifiedColumn,
  QualifiedName,
  RelationReference,
  RowLocking,
  Setting,
  TransactionCommand,
  TypeReference,
  Written,
} from './written.js';
export { commentedRun } from './sqlcommenter.js';
export { maySpellSecret } from './read/secrets.js';
export { verbs } from './verbs.js';
export { definitionFunctions } from './read/definitions.js';
export { displayName, qualifiedName, type SessionNames, type Target } from './resolve/names.js';
export { PresentTypes } from './resolve/presence.js';
export { analyzerVersion, resolve, type Resolved, type ResolvedRelation } from './resolve/resolve.js';
export { opaqueRisks, type Risk, risks } from './resolve/risks.js';
