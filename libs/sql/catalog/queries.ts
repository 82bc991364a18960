/**
 * What is read of a database's catalog, by any login, on Postgres 15 to 18. `first` is the first OID that is not Postgres' own
 * (FirstNormalObjectId): objects below it are built in, whatever schema they sit in.
 */
const first = 16384;

const schemaOf = (oid: string): string => `(SELECT nspname FROM pg_namespace WHERE pg_namespace.oid = ${oid})`;

// What is temporary is each session's own; TOAST is reached through its table.
const ownRelation = `c.oid >= ${first} AND n.nspname <> 'pg_toast' AND c.relpersistence <> 't'`;

const notTemporary = (schema: string): string =>
  `${schema} NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_(toast|temp)')`;

/**
 * Statements that read a database's catalog, without parameters: plain SELECTs, and first one that pins the search path of the
 * connection that runs them. To be run in order and in one transaction, REPEATABLE READ, so that they tell of one moment.
 */
export const catalogTexts = {
  // A function or operator of the same name in another schema must not answer in place of Postgres' own.
  path: `SELECT set_config('search_path', 'pg_catalog', false)`,

  database: `SELECT oid, datname, current_setting('server_version_num') FROM pg_database WHERE datname = current_database()`,

  schemas: `SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)'`,

  relations: `SELECT c.oid, n.nspname, c.relname, c.relkind, c.reltype, c.relrowsecurity, c.relispartition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${ownRelation} AND c.relkind <> 't'`,

  builtInRelations: `SELECT n.nspname, c.relname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid < ${first} AND c.relkind IN ('r', 'v') AND n.nspname IN ('pg_catalog', 'information_schema')`,

  // Those of built-in relations that hold expressions beside names: some of their columns may be hidden.
  builtInColumns: `SELECT n.nspname, c.relname, a.attnum, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod)
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE a.attnum > 0 AND NOT a.attisdropped AND (n.nspname = 'information_schema' AND c.relname IN ('attributes', 'check_constraints', 'columns',
        'domains', 'parameters', 'routines', 'triggers', 'views')
      OR n.nspname = 'pg_catalog' AND c.relname IN ('pg_attrdef', 'pg_attribute', 'pg_class', 'pg_constraint', 'pg_description',
        'pg_index', 'pg_indexes', 'pg_matviews', 'pg_partitioned_table', 'pg_policies', 'pg_policy', 'pg_proc', 'pg_publication_rel',
        'pg_rewrite', 'pg_roles', 'pg_rules', 'pg_shdescription', 'pg_stat_activity', 'pg_statistic_ext', 'pg_trigger', 'pg_type',
        'pg_user', 'pg_views'))`,

  columns: `SELECT a.attrelid, a.attnum, a.attname, a.atttypid, format_type(a.atttypid, a.atttypmod),
      a.attgenerated, CASE WHEN a.attcollation <> t.typcollation THEN ${schemaOf('l.collnamespace')} END, l.collname
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_collation l ON l.oid = a.attcollation
    WHERE ${ownRelation} AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND a.attnum > 0 AND NOT a.attisdropped`,

  // The columns of an index come first among indkey; an expression is 0 there.
  uniqueKeys: `SELECT i.indrelid, i.indnkeyatts, i.indkey
    FROM pg_index i WHERE i.indrelid >= ${first} AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL`,

  parents: `SELECT inhrelid, inhparent FROM pg_inherits WHERE inhrelid >= ${first}`,

  // tgtype: 4 INSERT, 8 DELETE, 16 UPDATE, 32 TRUNCATE.
  triggers: `SELECT t.tgrelid, t.tgtype, t.tgfoid FROM pg_trigger t
    WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND t.tgfoid >= ${first}`,

  rules: `SELECT ev_class, ev_type FROM pg_rewrite WHERE ev_class >= ${first} AND rulename <> '_RETURN' AND ev_enabled <> 'D'`,

  foreignKeys: `SELECT confrelid, conrelid, confdeltype, confupdtype, array_to_string(confkey, ' ') FROM pg_constraint
    WHERE contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))`,

  functions: `SELECT p.oid, ${schemaOf('p.pronamespace')}, p.proname, p.prokind, p.provolatile, p.prosecdef, p.proargtypes,
      p.pronargdefaults, p.provariadic, p.prorettype, l.lanname
    FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.oid >= ${first} AND ${notTemporary('p.pronamespace')}`,

  builtInFunctions: `SELECT proname, bool_or(provolatile = 'v') FROM pg_proc WHERE oid < ${first} GROUP BY proname`,

  operators: `SELECT ${schemaOf('oprnamespace')}, oprname, oprleft, oprright, oprcode::oid FROM pg_operator WHERE oid >= ${first} AND ${notTemporary('oprnamespace')}`,

  builtInOperators: `SELECT DISTINCT oprname FROM pg_operator WHERE oid < ${first}`,

  casts: `SELECT castsource, casttarget, castfunc, castcontext FROM pg_cast WHERE oid >= ${first}`,

  types: `SELECT oid, ${schemaOf('typnamespace')}, typname, typtype, typbasetype, typelem, typrelid,
      coalesce((SELECT rngsubtype FROM pg_range WHERE rngtypid = pg_type.oid), 0)
    FROM pg_type WHERE oid >= ${first} AND ${notTemporary('typnamespace')}`,

  builtInTypes: `SELECT oid, typname FROM pg_type WHERE oid < ${first} AND typtype IN ('b', 'p', 'r', 'm') AND typnamespace = 11`,

  // Stored expressions name what they call by OID. Dependencies would leave out all that is built in (a view over pg_read_file).
  expressions: `WITH tree (kind, owner, node) AS (
      SELECT 'rule', ev_class, concat(ev_qual, ev_action) FROM pg_rewrite WHERE ev_class >= ${first}
      UNION ALL SELECT 'policy', polrelid, concat(polqual, polwithcheck) FROM pg_policy
      UNION ALL SELECT 'default', adrelid, adbin::text FROM pg_attrdef WHERE adrelid >= ${first}
      UNION ALL SELECT 'check', conrelid, conbin::text FROM pg_constraint WHERE contype = 'c' AND conrelid >= ${first}
      UNION ALL SELECT 'domain', contypid, conbin::text FROM pg_constraint WHERE contype = 'c' AND contypid >= ${first}
      UNION ALL SELECT 'index', indrelid, concat(indexprs, indpred) FROM pg_index
        WHERE indrelid >= ${first} AND (indexprs IS NOT NULL OR indpred IS NOT NULL)
      UNION ALL SELECT 'partition', partrelid, partexprs::text FROM pg_partitioned_table WHERE partexprs IS NOT NULL
      UNION ALL SELECT 'trigger', tgrelid, tgqual::text FROM pg_trigger WHERE tgqual IS NOT NULL),
    called (kind, owner, what, target) AS (
      SELECT DISTINCT kind, owner, m[1], m[2]::oid
      FROM tree, regexp_matches(node, ':(funcid|aggfnoid|winfnoid|opfuncid|relid|resulttype) (\\d+)', 'g') m
      WHERE m[2] <> '0')
    SELECT kind, owner, what, target,
      CASE WHEN what IN ('relid', 'resulttype') THEN NULL ELSE (SELECT proname FROM pg_proc WHERE oid = target) END,
      CASE WHEN what = 'relid' AND target < ${first} THEN (SELECT concat(nspname, '.', relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = target) END
    FROM called WHERE what <> 'resulttype' OR target >= ${first}`,
};

export type CatalogPart = keyof typeof catalogTexts;

export const catalogParts = Object.keys(catalogTexts) as CatalogPart[];
