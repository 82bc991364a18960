/** The tags that a raw parse tree of Postgres 18 may hold. One that is not here has not been thought about: it is never allowed unseen. */
export const nodeTags: ReadonlySet<string> = new Set(
  `
    ATAlterConstraint A_ArrayExpr A_Const A_Expr A_Indices A_Indirection A_Star AccessPriv Alias AlterCollationStmt
    AlterDatabaseRefreshCollStmt AlterDatabaseSetStmt AlterDatabaseStmt AlterDefaultPrivilegesStmt AlterDomainStmt
    AlterEnumStmt AlterEventTrigStmt AlterExtensionContentsStmt AlterExtensionStmt AlterFdwStmt AlterForeignServerStmt
    AlterFunctionStmt AlterObjectDependsStmt AlterObjectSchemaStmt AlterOpFamilyStmt AlterOperatorStmt AlterOwnerStmt
    AlterPolicyStmt AlterPublicationStmt AlterRoleSetStmt AlterRoleStmt AlterSeqStmt AlterStatsStmt
    AlterSubscriptionStmt AlterSystemStmt AlterTSConfigurationStmt AlterTSDictionaryStmt AlterTableCmd
    AlterTableMoveAllStmt AlterTableSpaceOptionsStmt AlterTableStmt AlterTypeStmt AlterUserMappingStmt BitString
    BoolExpr Boolean BooleanTest CTECycleClause CTESearchClause CallStmt CaseExpr CaseWhen CheckPointStmt
    ClosePortalStmt ClusterStmt CoalesceExpr CollateClause ColumnDef ColumnRef CommentStmt CommonTableExpr
    CompositeTypeStmt Constraint ConstraintsSetStmt CopyStmt CreateAmStmt CreateCastStmt CreateConversionStmt
    CreateDomainStmt CreateEnumStmt CreateEventTrigStmt CreateExtensionStmt CreateFdwStmt CreateForeignServerStmt
    CreateForeignTableStmt CreateFunctionStmt CreateOpClassItem CreateOpClassStmt CreateOpFamilyStmt CreatePLangStmt
    CreatePolicyStmt CreatePublicationStmt CreateRangeStmt CreateRoleStmt CreateSchemaStmt CreateSeqStmt
    CreateStatsStmt CreateStmt CreateSubscriptionStmt CreateTableAsStmt CreateTableSpaceStmt CreateTransformStmt
    CreateTrigStmt CreateUserMappingStmt CreatedbStmt CurrentOfExpr DeallocateStmt DeclareCursorStmt DefElem
    DefineStmt DeleteStmt DiscardStmt DoStmt DropOwnedStmt DropRoleStmt DropStmt DropSubscriptionStmt
    DropTableSpaceStmt DropUserMappingStmt DropdbStmt ExecuteStmt ExplainStmt FetchStmt Float FuncCall
    FunctionParameter GrantRoleStmt GrantStmt GroupingFunc GroupingSet ImportForeignSchemaStmt IndexElem IndexStmt
    InferClause InsertStmt Integer IntoClause JoinExpr JsonAggConstructor JsonArgument JsonArrayAgg
    JsonArrayConstructor JsonArrayQueryConstructor JsonBehavior JsonFormat JsonFuncExpr JsonIsPredicate JsonKeyValue
    JsonObjectAgg JsonObjectConstructor JsonOutput JsonParseExpr JsonReturning JsonScalarExpr JsonSerializeExpr
    JsonTable JsonTableColumn JsonTablePathSpec JsonValueExpr List ListenStmt LoadStmt LockStmt LockingClause
    MergeStmt MergeSupportFunc MergeWhenClause MinMaxExpr MultiAssignRef NamedArgExpr NotifyStmt NullTest
    ObjectWithArgs OnConflictClause ParamRef PartitionBoundSpec PartitionCmd PartitionElem PartitionRangeDatum
    PartitionSpec PrepareStmt PublicationObjSpec PublicationTable RangeFunction RangeSubselect RangeTableFunc
    RangeTableFuncCol RangeTableSample RangeVar RawStmt ReassignOwnedStmt RefreshMatViewStmt ReindexStmt RenameStmt
    ReplicaIdentityStmt ResTarget ReturnStmt ReturningClause ReturningOption RoleSpec RowExpr RuleStmt
    SQLValueFunction SecLabelStmt SelectStmt SetToDefault SortBy StatsElem String SubLink TableLikeClause
    TransactionStmt TriggerTransition TruncateStmt TypeCast TypeName UnlistenStmt UpdateStmt VacuumRelation VacuumStmt
    VariableSetStmt VariableShowStmt ViewStmt WindowDef WithClause XmlExpr XmlSerialize`
    .trim()
    .split(/\s+/),
);

/**
 * Fields whose node is written without its tag, because their type says it: a walk that is keyed on tags would pass them by.
 * Source: the types of @pgsql/types, against which a test holds this table.
 */
export const untaggedFields: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  A_Const: { ival: 'Integer', fval: 'Float', boolval: 'Boolean', sval: 'String', bsval: 'BitString' },
  AlterDatabaseSetStmt: { setstmt: 'VariableSetStmt' },
  AlterDefaultPrivilegesStmt: { action: 'GrantStmt' },
  AlterFunctionStmt: { func: 'ObjectWithArgs' },
  AlterObjectDependsStmt: { relation: 'RangeVar', extname: 'String' },
  AlterObjectSchemaStmt: { relation: 'RangeVar' },
  AlterOperatorStmt: { opername: 'ObjectWithArgs' },
  AlterOwnerStmt: { relation: 'RangeVar', newowner: 'RoleSpec' },
  AlterPolicyStmt: { table: 'RangeVar' },
  AlterRoleSetStmt: { role: 'RoleSpec', setstmt: 'VariableSetStmt' },
  AlterRoleStmt: { role: 'RoleSpec' },
  AlterSeqStmt: { sequence: 'RangeVar' },
  AlterSystemStmt: { setstmt: 'VariableSetStmt' },
  AlterTableCmd: { newowner: 'RoleSpec' },
  AlterTableStmt: { relation: 'RangeVar' },
  AlterUserMappingStmt: { user: 'RoleSpec' },
  CallStmt: { funccall: 'FuncCall' },
  ClusterStmt: { relation: 'RangeVar' },
  ColumnDef: { typeName: 'TypeName', identitySequence: 'RangeVar', collClause: 'CollateClause' },
  CommonTableExpr: { search_clause: 'CTESearchClause', cycle_clause: 'CTECycleClause' },
  CompositeTypeStmt: { typevar: 'RangeVar' },
  Constraint: { pktable: 'RangeVar' },
  CopyStmt: { relation: 'RangeVar' },
  CreateCastStmt: { sourcetype: 'TypeName', targettype: 'TypeName', func: 'ObjectWithArgs' },
  CreateDomainStmt: { typeName: 'TypeName', collClause: 'CollateClause' },
  CreateForeignTableStmt: { base: 'CreateStmt' },
  CreateFunctionStmt: { returnType: 'TypeName' },
  CreateOpClassItem: { name: 'ObjectWithArgs', storedtype: 'TypeName' },
  CreateOpClassStmt: { datatype: 'TypeName' },
  CreatePolicyStmt: { table: 'RangeVar' },
  CreateSchemaStmt: { authrole: 'RoleSpec' },
  CreateSeqStmt: { sequence: 'RangeVar' },
  CreateStmt: { relation: 'RangeVar', partbound: 'PartitionBoundSpec', partspec: 'PartitionSpec', ofTypename: 'TypeName' },
  CreateTableAsStmt: { into: 'IntoClause' },
  CreateTableSpaceStmt: { owner: 'RoleSpec' },
  CreateTransformStmt: { type_name: 'TypeName', fromsql: 'ObjectWithArgs', tosql: 'ObjectWithArgs' },
  CreateTrigStmt: { relation: 'RangeVar', constrrel: 'RangeVar' },
  CreateUserMappingStmt: { user: 'RoleSpec' },
  DeleteStmt: { relation: 'RangeVar', returningClause: 'ReturningClause', withClause: 'WithClause' },
  DropUserMappingStmt: { user: 'RoleSpec' },
  FuncCall: { over: 'WindowDef' },
  FunctionParameter: { argType: 'TypeName' },
  GrantRoleStmt: { grantor: 'RoleSpec' },
  GrantStmt: { grantor: 'RoleSpec' },
  IndexStmt: { relation: 'RangeVar' },
  InsertStmt: {
    relation: 'RangeVar',
    onConflictClause: 'OnConflictClause',
    returningClause: 'ReturningClause',
    withClause: 'WithClause',
  },
  IntoClause: { rel: 'RangeVar' },
  JoinExpr: { join_using_alias: 'Alias', alias: 'Alias' },
  JsonAggConstructor: { output: 'JsonOutput', over: 'WindowDef' },
  JsonArgument: { val: 'JsonValueExpr' },
  JsonArrayAgg: { constructor: 'JsonAggConstructor', arg: 'JsonValueExpr' },
  JsonArrayConstructor: { output: 'JsonOutput' },
  JsonArrayQueryConstructor: { output: 'JsonOutput', format: 'JsonFormat' },
  JsonFuncExpr: { context_item: 'JsonValueExpr', output: 'JsonOutput', on_empty: 'JsonBehavior', on_error: 'JsonBehavior' },
  JsonIsPredicate: { format: 'JsonFormat' },
  JsonKeyValue: { value: 'JsonValueExpr' },
  JsonObjectAgg: { constructor: 'JsonAggConstructor', arg: 'JsonKeyValue' },
  JsonObjectConstructor: { output: 'JsonOutput' },
  JsonOutput: { typeName: 'TypeName', returning: 'JsonReturning' },
  JsonParseExpr: { expr: 'JsonValueExpr', output: 'JsonOutput' },
  JsonReturning: { format: 'JsonFormat' },
  JsonScalarExpr: { output: 'JsonOutput' },
  JsonSerializeExpr: { expr: 'JsonValueExpr', output: 'JsonOutput' },
  JsonTable: { context_item: 'JsonValueExpr', pathspec: 'JsonTablePathSpec', on_error: 'JsonBehavior', alias: 'Alias' },
  JsonTableColumn: {
    typeName: 'TypeName',
    pathspec: 'JsonTablePathSpec',
    format: 'JsonFormat',
    on_empty: 'JsonBehavior',
    on_error: 'JsonBehavior',
  },
  JsonValueExpr: { format: 'JsonFormat' },
  MergeStmt: { relation: 'RangeVar', returningClause: 'ReturningClause', withClause: 'WithClause' },
  OnConflictClause: { infer: 'InferClause' },
  PartitionCmd: { name: 'RangeVar', bound: 'PartitionBoundSpec' },
  PublicationObjSpec: { pubtable: 'PublicationTable' },
  PublicationTable: { relation: 'RangeVar' },
  RangeFunction: { alias: 'Alias' },
  RangeSubselect: { alias: 'Alias' },
  RangeTableFunc: { alias: 'Alias' },
  RangeTableFuncCol: { typeName: 'TypeName' },
  RangeVar: { alias: 'Alias' },
  ReassignOwnedStmt: { newrole: 'RoleSpec' },
  RefreshMatViewStmt: { relation: 'RangeVar' },
  ReindexStmt: { relation: 'RangeVar' },
  RenameStmt: { relation: 'RangeVar' },
  RuleStmt: { relation: 'RangeVar' },
  SelectStmt: { intoClause: 'IntoClause', withClause: 'WithClause', larg: 'SelectStmt', rarg: 'SelectStmt' },
  TableLikeClause: { relation: 'RangeVar' },
  TypeCast: { typeName: 'TypeName' },
  UpdateStmt: { relation: 'RangeVar', returningClause: 'ReturningClause', withClause: 'WithClause' },
  VacuumRelation: { relation: 'RangeVar' },
  ViewStmt: { view: 'RangeVar' },
  XmlSerialize: { typeName: 'TypeName' },
};
