import type { UserFunction } from '#sql';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/**
 * Built-in functions, by name, that compute from their arguments alone or tell what holds no row's value. Left out is what reaches data
 * without naming it (query_to_xml, ts_stat, pg_read_file), what shows definitions with their literals (pg_get_viewdef, pg_get_indexdef,
 * obj_description; pg_get_expr shows only what a column holds, and such columns are hidden), what others are doing (pg_stat_get_activity), and what stores or sends a value (set_config, setval, pg_notify, lo_put).
 */
export const allowedFunctions = words(`
  abbrev abs acos acosd acosh age any_value area array_agg array_dims array_fill array_length array_lower array_ndims
  array_position array_positions array_remove array_replace array_reverse array_sample array_shuffle array_sort array_to_json
  array_to_string array_to_tsvector array_upper ascii asin asind asinh atan atan2 atan2d atand atanh avg bernoulli bit bit_and
  bit_count bit_length bit_or bit_xor bool bool_and bool_or bound_box box bpchar btrim bytea cardinality casefold cash_words
  cbrt ceil ceiling center char char_length character_length chr cidr circle clock_timestamp concat concat_ws convert
  convert_from convert_to corr cos cosd cosh cot cotd count covar_pop covar_samp crc32 crc32c cume_dist current_database
  current_schema current_schemas current_setting current_user currval date date_add date_bin date_cmp_timestamp
  date_cmp_timestamptz date_part date_subtract date_trunc datemultirange daterange decode degrees dense_rank dexp diagonal
  diameter div dlog1 dlog10 dround dtrunc encode enum_first enum_last enum_range erf erfc every exp extract factorial family
  first_value float4 float8 floor format format_type gamma gcd gen_random_uuid generate_series generate_subscripts get_bit
  get_byte get_current_ts_config getdatabaseencoding getpgusername has_any_column_privilege has_column_privilege
  has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege has_language_privilege
  has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege has_server_privilege
  has_table_privilege has_tablespace_privilege has_type_privilege hashtext hashtextextended height host hostmask
  icu_unicode_version inet_client_addr inet_client_port inet_merge inet_same_family inet_server_addr inet_server_port initcap
  int2 int2int4_sum int4 int4multirange int4range int8 int8multirange int8range interval is_normalized isclosed isempty
  isfinite ishorizontal isopen isparallel isperp isvertical json_agg json_agg_strict json_array_elements
  json_array_elements_text json_array_length json_build_array json_build_object json_each json_each_text json_object
  json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict json_object_keys
  json_populate_record json_populate_recordset json_strip_nulls json_to_record json_to_recordset json_to_tsvector json_typeof
  jsonb_agg jsonb_agg_strict jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
  jsonb_build_object jsonb_each jsonb_each_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_agg_strict
  jsonb_object_agg_unique jsonb_object_agg_unique_strict jsonb_object_keys jsonb_path_exists jsonb_path_exists_tz
  jsonb_path_match jsonb_path_match_tz jsonb_path_query jsonb_path_query_array jsonb_path_query_array_tz
  jsonb_path_query_first jsonb_path_query_first_tz jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid
  jsonb_populate_recordset jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_to_recordset
  jsonb_to_tsvector jsonb_typeof justify_days justify_hours justify_interval lag last_value lastval lcm lead left length
  lgamma like line ln log log10 lower lower_inc lower_inf lpad lseg ltrim macaddr macaddr8 macaddr8_set7bit make_date
  make_interval make_time make_timestamp make_timestamptz masklen max md5 min min_scale mod mode money multirange mxid_age
  name netmask network nextval normalize now npoints nth_value ntile num_nonnulls num_nulls numeric numeric_div_trunc
  numeric_exp numeric_ln numeric_log numeric_sqrt nummultirange numnode numrange octet_length oid overlaps overlay parse_ident
  path pclose percent_rank percentile_cont percentile_disc pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock
  pg_advisory_unlock_all pg_advisory_unlock_shared pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_backend_pid
  pg_basetype pg_blocking_pids pg_char_to_encoding pg_client_encoding pg_collation_for pg_collation_is_visible
  pg_column_is_updatable pg_column_size pg_conf_load_time pg_conversion_is_visible pg_current_snapshot pg_current_xact_id
  pg_current_xact_id_if_assigned pg_database_size pg_encoding_max_length pg_encoding_to_char pg_function_is_visible
  pg_get_expr
  pg_get_function_identity_arguments pg_get_function_result pg_get_keywords pg_get_serial_sequence pg_get_userbyid pg_has_role
  pg_indexes_size pg_input_is_valid pg_is_in_recovery pg_is_other_temp_schema pg_jit_available pg_lsn pg_my_temp_schema
  pg_opclass_is_visible pg_operator_is_visible pg_opfamily_is_visible pg_partition_ancestors pg_partition_root
  pg_partition_tree pg_relation_is_publishable pg_postmaster_start_time pg_relation_is_updatable pg_relation_size pg_sequence_last_value
  pg_sequence_parameters pg_size_bytes pg_size_pretty pg_sleep pg_sleep_for pg_sleep_until pg_statistics_obj_is_visible
  pg_table_is_visible pg_table_size pg_tablespace_size pg_timezone_names pg_total_relation_size pg_trigger_depth
  pg_try_advisory_lock pg_try_advisory_lock_shared pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
  pg_ts_config_is_visible pg_ts_dict_is_visible pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible pg_typeof
  pg_visible_in_snapshot pg_xact_status phraseto_tsquery pi plainto_tsquery point polygon popen position pow power querytree
  quote_ident quote_literal quote_nullable radians radius random random_normal range_agg range_intersect_agg range_merge rank
  regclass regexp_count regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
  regexp_split_to_table regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy
  regr_syy repeat replace reverse right round row_number row_to_json rpad rtrim scale session_user set_bit set_byte
  set_masklen setseed setweight sha224 sha256 sha384 sha512 sign similar_to_escape sin sind sinh slope split_part sqrt
  statement_timestamp stddev stddev_pop stddev_samp string_agg string_to_array string_to_table strip strpos substr substring
  sum system system_user tan tand tanh text textlen time timeofday timestamp timestamptz timetz timezone to_ascii to_bin
  to_char to_date to_hex to_json to_jsonb to_number to_oct to_regclass to_regcollation to_regnamespace to_regoper
  to_regoperator to_regproc to_regprocedure to_regrole to_regtype to_regtypemod to_timestamp to_tsquery to_tsvector
  transaction_timestamp translate trim_array trim_scale trunc ts_delete ts_filter ts_headline ts_lexize ts_parse ts_rank
  ts_rank_cd ts_token_type tsmultirange tsrange tstzmultirange tstzrange tsvector_to_array txid_current
  txid_current_if_assigned txid_current_snapshot txid_snapshot_xip txid_snapshot_xmax txid_snapshot_xmin txid_status
  txid_visible_in_snapshot unicode_assigned unicode_version unistr unnest upper upper_inc upper_inf uuid_extract_timestamp
  uuid_extract_version uuid_generate_v4 uuidv4 uuidv7 var_pop var_samp varbit varchar variance version websearch_to_tsquery
  width width_bucket xid xml xml_is_well_formed xml_is_well_formed_content xml_is_well_formed_document xmlagg xmlcomment
  xmlconcat2 xmlexists xmltext xpath xpath_exists
`);

/** Functions of contributed extensions that compute from their arguments alone: trusted under these names when they are written in C or built in. */
const allowedExtensionFunctions = words(`
  akeys avals citext_eq citext_ge citext_gt citext_le citext_lt citext_ne defined delete each exist exists_all exists_any fetchval
  hs_concat hs_contained hs_contains hstore hstore_eq hstore_ne hstore_to_array hstore_to_json hstore_to_json_loose hstore_to_jsonb
  hstore_to_jsonb_loose hstore_to_matrix isdefined isexists normal_rand skeys slice slice_array svals tconvert texticlike texticnlike
  texticregexeq texticregexne
  armor crypt daitch_mokotoff dearmor decrypt decrypt_iv difference digest dmetaphone dmetaphone_alt encrypt encrypt_iv gen_random_bytes
  gen_random_uuid gen_salt hmac levenshtein levenshtein_less_equal metaphone show_limit show_trgm similarity similarity_dist
  similarity_op soundex strict_word_similarity strict_word_similarity_commutator_op strict_word_similarity_dist_commutator_op
  strict_word_similarity_dist_op strict_word_similarity_op text_soundex uuid_generate_v1 uuid_generate_v4 uuid_generate_v5
  word_similarity word_similarity_commutator_op word_similarity_dist_commutator_op word_similarity_dist_op word_similarity_op
`);

/** Of a contributed extension: only a superuser makes functions in these languages. */
export const isTrusted = ({ language, name }: Pick<UserFunction, 'language' | 'name'>): boolean =>
  (language === 'c' || language === 'internal') && allowedExtensionFunctions.has(name);
