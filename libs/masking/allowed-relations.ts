/** Relations of pg_catalog and information_schema that hold no row's value and no expression that may hold one as a literal. */
const plain = new Set(
  `
  pg_catalog.pg_aggregate pg_catalog.pg_am pg_catalog.pg_amop pg_catalog.pg_amproc pg_catalog.pg_auth_members
  pg_catalog.pg_available_extension_versions pg_catalog.pg_available_extensions pg_catalog.pg_cast pg_catalog.pg_collation
  pg_catalog.pg_conversion pg_catalog.pg_database pg_catalog.pg_default_acl pg_catalog.pg_depend pg_catalog.pg_event_trigger pg_catalog.pg_enum pg_catalog.pg_extension pg_catalog.pg_group
  pg_catalog.pg_inherits pg_catalog.pg_language pg_catalog.pg_locks pg_catalog.pg_namespace pg_catalog.pg_opclass
  pg_catalog.pg_operator pg_catalog.pg_opfamily pg_catalog.pg_publication pg_catalog.pg_publication_namespace pg_catalog.pg_range pg_catalog.pg_sequence pg_catalog.pg_sequences
  pg_catalog.pg_settings pg_catalog.pg_shdepend pg_catalog.pg_stat_all_indexes pg_catalog.pg_stat_all_tables
  pg_catalog.pg_stat_database pg_catalog.pg_stat_user_functions pg_catalog.pg_stat_user_indexes pg_catalog.pg_stat_user_tables
  pg_catalog.pg_statio_all_indexes pg_catalog.pg_statio_all_tables pg_catalog.pg_statio_user_indexes
  pg_catalog.pg_statio_user_tables pg_catalog.pg_tables pg_catalog.pg_tablespace pg_catalog.pg_timezone_abbrevs
  pg_catalog.pg_timezone_names pg_catalog.pg_ts_config pg_catalog.pg_ts_config_map pg_catalog.pg_ts_dict pg_catalog.pg_ts_parser
  pg_catalog.pg_transform pg_catalog.pg_ts_template information_schema.administrable_role_authorizations information_schema.applicable_roles
  information_schema.character_sets information_schema.collations information_schema.column_domain_usage
  information_schema.column_privileges information_schema.column_udt_usage information_schema.constraint_column_usage
  information_schema.constraint_table_usage information_schema.data_type_privileges information_schema.domain_constraints
  information_schema.domain_udt_usage information_schema.enabled_roles information_schema.information_schema_catalog_name
  information_schema.key_column_usage information_schema.referential_constraints information_schema.role_column_grants
  information_schema.role_routine_grants information_schema.role_table_grants information_schema.role_usage_grants
  information_schema.routine_privileges information_schema.schemata information_schema.sequences information_schema.sql_features
  information_schema.sql_implementation_info information_schema.sql_parts information_schema.sql_sizing
  information_schema.table_constraints information_schema.table_privileges information_schema.tables
  information_schema.usage_privileges information_schema.view_column_usage information_schema.view_table_usage
  `
    .trim()
    .split(/\s+/),
);

/** Those of which some columns hold expressions, and so perhaps values as literals. */
const guarded: ReadonlyMap<string, readonly string[]> = new Map([
  ['pg_catalog.pg_attrdef', ['adbin']],
  ['pg_catalog.pg_description', ['description']],
  ['pg_catalog.pg_indexes', ['indexdef']],
  ['pg_catalog.pg_matviews', ['definition']],
  ['pg_catalog.pg_policies', ['qual', 'with_check']],
  ['pg_catalog.pg_policy', ['polqual', 'polwithcheck']],
  ['pg_catalog.pg_publication_rel', ['prqual']],
  ['pg_catalog.pg_rewrite', ['ev_qual', 'ev_action']],
  ['pg_catalog.pg_rules', ['definition']],
  ['pg_catalog.pg_shdescription', ['description']],
  ['pg_catalog.pg_stat_activity', ['query']],
  ['pg_catalog.pg_statistic_ext', ['stxexprs']],
  ['pg_catalog.pg_views', ['definition']],
  ['information_schema.attributes', ['attribute_default']],
  ['information_schema.check_constraints', ['check_clause']],
  ['information_schema.domains', ['domain_default']],
  ['information_schema.parameters', ['parameter_default']],
  ['information_schema.routines', ['routine_definition']],
  ['information_schema.triggers', ['action_condition', 'action_statement']],
  ['information_schema.views', ['view_definition']],
  ['pg_catalog.pg_attribute', ['attmissingval', 'attfdwoptions', 'attoptions']],
  ['pg_catalog.pg_class', ['relpartbound']],
  ['pg_catalog.pg_constraint', ['conbin']],
  ['pg_catalog.pg_index', ['indexprs', 'indpred']],
  ['pg_catalog.pg_partitioned_table', ['partexprs']],
  ['pg_catalog.pg_proc', ['prosrc', 'probin', 'prosqlbody', 'proargdefaults', 'proconfig']],
  ['pg_catalog.pg_roles', ['rolconfig', 'rolpassword']],
  ['pg_catalog.pg_trigger', ['tgargs', 'tgqual']],
  ['pg_catalog.pg_type', ['typdefault', 'typdefaultbin']],
  ['pg_catalog.pg_user', ['useconfig', 'passwd']],
  ['information_schema.columns', ['column_default', 'generation_expression']],
]);

/** Those whose columns a catalog has to tell. */
export const guardedRelations = (): string[] => [...guarded.keys()];

/** The columns of a built-in relation that may not be read; undefined where none of it may. */
export function hiddenColumns(name: string): readonly string[] | undefined {
  return plain.has(name) ? [] : guarded.get(name);
}
