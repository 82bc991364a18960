import type { Risk } from './risks.js';

/**
 * Built-in functions that do more than compute and read, by what they risk. A volatile one that is in none of these lists, and not
 * among the harmless ones, is `unlisted-function`: so that a new server's functions are not allowed unseen.
 */
const lists: Readonly<Partial<Record<Risk, string>>> = {
  file: `
    pg_read_file pg_read_binary_file pg_stat_file pg_ls_dir pg_ls_logdir pg_ls_waldir pg_ls_tmpdir pg_ls_archive_statusdir
    pg_ls_logicalmapdir pg_ls_logicalsnapdir pg_ls_replslotdir pg_ls_summariesdir pg_current_logfile pg_hba_file_rules
    pg_ident_file_mappings pg_show_all_file_settings lo_import lo_export`,
  'large-object': `
    lo_close lo_creat lo_create lo_from_bytea lo_get lo_lseek lo_lseek64 lo_open lo_put lo_tell lo_tell64 lo_truncate lo_truncate64
    lo_unlink loread lowrite`,
  'dynamic-sql': `
    query_to_xml query_to_xmlschema query_to_xml_and_xmlschema table_to_xml table_to_xmlschema table_to_xml_and_xmlschema
    schema_to_xml schema_to_xmlschema schema_to_xml_and_xmlschema database_to_xml database_to_xmlschema
    database_to_xml_and_xmlschema cursor_to_xml cursor_to_xmlschema ts_stat ts_rewrite`,
  setting: 'set_config',
  sequence: 'setval',
  sleep: 'pg_sleep pg_sleep_for pg_sleep_until',
  notify: 'pg_notify',
  'advisory-lock': `
    pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
    pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
    pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared`,
  replication: `
    pg_create_physical_replication_slot pg_create_logical_replication_slot pg_copy_physical_replication_slot
    pg_copy_logical_replication_slot pg_drop_replication_slot pg_replication_slot_advance pg_sync_replication_slots
    pg_logical_slot_get_changes pg_logical_slot_get_binary_changes pg_logical_slot_peek_changes
    pg_logical_slot_peek_binary_changes pg_logical_emit_message pg_replication_origin_advance pg_replication_origin_create
    pg_replication_origin_drop pg_replication_origin_session_reset pg_replication_origin_session_setup
    pg_replication_origin_xact_reset pg_replication_origin_xact_setup pg_log_standby_snapshot`,
  'server-function': `
    pg_terminate_backend pg_cancel_backend pg_reload_conf pg_rotate_logfile pg_promote pg_switch_wal pg_create_restore_point
    pg_backup_start pg_backup_stop pg_start_backup pg_stop_backup pg_wal_replay_pause pg_wal_replay_resume
    pg_log_backend_memory_contexts pg_stat_reset pg_stat_reset_shared pg_stat_reset_slru pg_stat_reset_replication_slot
    pg_stat_reset_single_table_counters pg_stat_reset_single_function_counters pg_stat_reset_subscription_stats
    pg_stat_reset_backend_stats pg_clear_attribute_stats pg_clear_relation_stats pg_restore_attribute_stats
    pg_restore_relation_stats pg_import_system_collations pg_nextoid pg_stop_making_pinned_objects brin_desummarize_range
    brin_summarize_new_values brin_summarize_range gin_clean_pending_list`,
};

/** Volatile, and yet without any effect but on the session's own sequence, random seed or transaction id. */
const harmlessVolatile = `
  array_sample array_shuffle bernoulli clock_timestamp current_query currtid2 currval gen_random_uuid lastval nextval pg_blocking_pids
  pg_collation_actual_version pg_current_wal_flush_lsn pg_current_wal_insert_lsn pg_current_wal_lsn
  pg_database_collation_actual_version pg_database_size pg_export_snapshot pg_get_multixact_members pg_get_sequence_data
  pg_get_wait_events pg_indexes_size pg_is_in_recovery pg_is_wal_replay_paused pg_jit_available pg_last_committed_xact
  pg_last_wal_receive_lsn pg_last_wal_replay_lsn pg_last_xact_replay_timestamp pg_lock_status pg_notification_queue_usage
  pg_partition_ancestors pg_partition_tree pg_prepared_xact pg_relation_size pg_safe_snapshot_blocking_pids
  pg_sequence_last_value pg_stat_clear_snapshot pg_stat_force_next_flush pg_stat_have_stats pg_table_size pg_tablespace_size
  pg_total_relation_size pg_xact_commit_timestamp pg_xact_commit_timestamp_origin pg_xact_status random random_normal setseed
  system timeofday txid_status uuidv4 uuidv7`;

const words = (text: string): string[] => text.trim().split(/\s+/);

const riskByFunction = new Map<string, Risk>(
  Object.entries(lists).flatMap(([risk, text]) => words(text).map((name) => [name, risk as Risk] as const)),
);
const harmless = new Set(words(harmlessVolatile));

/**
 * What calling a built-in function risks.
 * @param isVolatile whether a built-in function of that name is volatile
 */
export function builtInRisk(name: string, isVolatile: boolean): Risk | undefined {
  const listed = riskByFunction.get(name);
  if (listed) return listed;
  if (!isVolatile || harmless.has(name) || name.startsWith('pg_stat_get_')) return undefined;
  return 'unlisted-function';
}

/** Syntax that older servers read as a call of a function of that name, by the first version that has it. */
const newSyntax: readonly (readonly [special: RegExp, since: number])[] = [
  [/^Json(ObjectConstructor|ArrayConstructor|ArrayQueryConstructor|ObjectAgg|ArrayAgg|IsPredicate)/, 16],
  [/^Json(FuncExpr|ParseExpr|ScalarExpr|SerializeExpr|Table)/, 17],
  [/^MergeSupportFunc/, 17],
  [/^ReturningOption/, 18],
];

/** Whether a server of this version reads the syntax as our parser does. */
export const isKnownSyntax = (special: string, serverVersion: number): boolean =>
  newSyntax.every(([pattern, since]) => !pattern.test(special) || serverVersion >= since * 10_000);
