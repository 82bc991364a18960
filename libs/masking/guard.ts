import {
  type Act,
  type Catalog,
  definitionFunctions,
  PresentTypes,
  qualifiedName,
  type Resolved,
  type ResolvedRelation,
  type Written,
} from '#sql';
import { allowedFunctions, isTrusted } from './allowed-functions.js';
import { hiddenColumns } from './allowed-relations.js';
import type { MaskPlan } from './plan.js';
import { type Refused, refused } from './refusal.js';
import { showsUnseen } from './views.js';

/** Commands that hand out or change no more than their own text and tables say. */
const allowedVerbs: ReadonlySet<string> = new Set([
  'SELECT',
  'SELECT FOR UPDATE',
  'SELECT FOR NO KEY UPDATE',
  'SELECT FOR SHARE',
  'SELECT FOR KEY SHARE',
  'INSERT',
  'UPDATE',
  'DELETE',
  'MERGE',
  'TRUNCATE',
  'COPY',
  'EXPLAIN',
  'SHOW',
  'SET',
  'SET TRANSACTION',
  'SET CONSTRAINTS',
  'RESET',
  'DISCARD ALL',
  'DISCARD PLANS',
  'DISCARD SEQUENCES',
  'DISCARD TEMP',
  'PREPARE',
  'EXECUTE',
  'DEALLOCATE',
  'DECLARE',
  'FETCH',
  'MOVE',
  'CLOSE',
  'UNLISTEN',
  'BEGIN',
  'START TRANSACTION',
  'COMMIT',
  'ROLLBACK',
  'SAVEPOINT',
  'RELEASE',
  'LOCK TABLE',
]);

/** Commands that are allowed on the session's own temporary tables alone: nothing that others see changes by them. */
const temporaryVerbs: ReadonlySet<string> = new Set(['CREATE TABLE', 'CREATE TABLE AS', 'DROP TABLE']);

const allowedEffects: ReadonlySet<string> = new Set(['read', 'write', 'session', 'transaction']);

/** Settings that shape answers or bound time, and neither how SQL is read nor what names mean nor who asks. */
const allowedSettings: ReadonlySet<string> = new Set([
  'application_name',
  'bytea_output',
  'datestyle',
  'default_transaction_isolation',
  'default_transaction_read_only',
  'extra_float_digits',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'intervalstyle',
  'lock_timeout',
  'statement_timeout',
  'session characteristics',
  'timezone',
  'transaction',
  'transaction_isolation',
  'transaction_read_only',
  'transaction_timeout',
  'work_mem',
]);

/** Values under which a session is served at all, or that let less be told than before. */
const harmlessValues: Readonly<Record<string, readonly string[]>> = {
  standard_conforming_strings: ['on', 'true', 'yes', '1'],
  client_encoding: ['utf8', 'utf-8', 'unicode'],
  client_min_messages: ['notice', 'warning', 'error'],
};

/** Risks through which code or a relation that nobody looked at may reach a masked value. */
const refusedRisks: Readonly<Record<string, string>> = {
  'aggregate-unseen': 'an aggregate of the database runs code that is not seen',
  call: 'a procedure runs code that is not seen',
  'cast-unseen': 'a cast of the database runs code that is not seen',
  'do-block': 'a DO block runs code that is not seen',
  'dynamic-sql': 'a function of it runs SQL of its own',
  'foreign-table': 'a foreign table may lead to what is masked here',
  rule: 'a rule of the table rewrites the statement',
  'statement-unseen': 'what it runs was prepared unseen',
  'type-unseen': 'a type of it is not known',
  'unknown-node': 'its syntax is not known for this server',
};

/** Risks of code behind names that the statement does not say: refused unless all of it is trusted. */
const storedCode: Readonly<Record<string, string>> = {
  'default-function': 'a default of the table runs code that is not seen',
  'domain-function': 'a check of a domain runs code that is not seen',
};

const plainHint = 'Read the tables themselves, with built-in functions: masked columns then show as they may be shown.';

/** Why a statement may not run at all where anything is masked; undefined where it may. Unknown is refused. */
export function guard(written: Written, resolved: Resolved, catalog: Catalog, plan: MaskPlan): Refused | undefined {
  return (
    guardCommand(written, resolved) ??
    guardFunctions(written, resolved, catalog) ??
    guardOperators(written, resolved, catalog) ??
    guardRisks(resolved, catalog) ??
    first(resolved.relations, ({ target, reference }) => {
      switch (target.kind) {
        case 'cte':
        case 'temporary':
          return undefined;
        case 'built-in':
          return guardBuiltIn(`${target.schema}.${target.name}`, reference.access, plan);
        case 'relation':
          return guardRelation(target, catalog, plan);
        case 'new':
          return isTemporary({ target, reference }) ? undefined : unknownRelation(target.name);
        case 'unknown':
          return unknownRelation(target.name);
      }
    })
  );
}

const unknownRelation = (name: string): Refused =>
  refused(`relation "${name}" is not known`, 'Check its name; what was made a moment ago is known in a second.');

const isTemporary = ({ reference, target }: ResolvedRelation): boolean =>
  target.kind === 'temporary' || (target.kind === 'new' && target.schema === 'pg_temp' && reference.temporary);

/** It makes or drops a temporary table, and its definition names no other table: LIKE, INHERITS and REFERENCES would. */
function isOwnTable({ verb }: Written, { relations }: Resolved): boolean {
  const others = relations.filter((relation) => !isTemporary(relation));
  const isMade = relations.some((relation) => isTemporary(relation) && relation.reference.access === 'ddl');
  return (
    temporaryVerbs.has(verb) &&
    isMade &&
    others.every(({ reference }) => verb === 'CREATE TABLE AS' && reference.access === 'read')
  );
}

function guardCommand(written: Written, resolved: Resolved): Refused | undefined {
  const { facts, act } = resolved;
  if (isOwnTable(written, resolved)) return undefined;
  const verbs = [written.verb, ...(act.kind === 'prepare' || act.kind === 'declare' ? [act.inner.verb] : [])];
  const verb = verbs.find((one) => !allowedVerbs.has(one));
  if (verb !== undefined) return refused(`${verb} is not allowed where columns are masked`, plainHint);
  const effect = facts.effects.find((one) => !allowedEffects.has(one));
  if (effect !== undefined)
    return refused(`a statement of effect "${effect}" is not allowed where columns are masked`, plainHint);
  if (written.special.includes('ReturningOption'))
    return refused('RETURNING WITH is not allowed where columns are masked', plainHint);
  return guardAct(act);
}

function guardAct(act: Act): Refused | undefined {
  switch (act.kind) {
    case 'set':
    case 'reset':
      return guardSetting(act);
    case 'listen':
    case 'notify':
      return refused('notifications may carry what is masked', 'Poll the table instead.');
    case 'copy':
      return act.end === 'client' ? undefined : refused('COPY to or from the server is not allowed', 'Use STDIN or STDOUT.');
    case 'transaction':
      return act.command.includes('prepare') ? refused('two-phase commit is not allowed', 'Use COMMIT.') : undefined;
    default:
      return undefined;
  }
}

function guardSetting(act: Extract<Act, { kind: 'set' | 'reset' }>): Refused | undefined {
  const { name } = act;
  if (allowedSettings.has(name)) return undefined;
  if (act.kind === 'set' && harmlessValues[name]?.includes((act.values[0] ?? '').toLowerCase()) === true) return undefined;
  return refused(`setting ${name} is fixed where columns are masked`, 'Qualify names with their schema, and leave it as it is.');
}

function guardFunctions(written: Written, { facts, relations }: Resolved, catalog: Catalog): Refused | undefined {
  const unseen = facts.risks.includes('function-unseen') || facts.risks.includes('aggregate-unseen');
  return first(written.functions, ({ schema, name, arguments: count }) => {
    const users = catalog.userFunctions(name).filter((one) => schema === undefined || one.schema === schema);
    const foreign = users.filter((one) => !isTrusted(one));
    if (foreign.length > 0 && unseen)
      return refused(`function ${name} of the database runs code that is not seen`, 'Use built-in functions on the tables.');
    if (users.length > 0 && foreign.length === 0) return undefined;
    if (schema !== undefined && schema !== 'pg_catalog')
      return refused(`function ${schema}.${name} is not on the list of harmless ones`, 'Use built-in functions.');
    if (catalog.isBuiltInFunction(name))
      return allowedFunctions.has(name) || (definitionFunctions.has(name) && onlyReads(written))
        ? undefined
        : refused(`function ${name} is not on the list of harmless ones`, 'It may reach what is masked: use another one.');
    // `text(x)` is a cast, `name(t)` a column.
    const isOther = count === 1 && (catalog.builtInType(name) !== undefined || hasColumn(relations, name));
    return isOther ? undefined : refused(`function ${name} is not known`, 'Check its name.');
  });
}

/** What it shows may be left out: nothing is made of it. */
const onlyReads = ({ modifications, verb }: Written): boolean => modifications.length === 0 && !verb.startsWith('CREATE');

const hasColumn = (relations: readonly ResolvedRelation[], name: string): boolean =>
  relations.some(({ target }) => target.kind === 'relation' && target.relation.columns.some((column) => column.name === name));

function guardOperators(written: Written, { facts, relations }: Resolved, catalog: Catalog): Refused | undefined {
  if (!facts.risks.includes('operator-unseen')) return undefined;
  const present = new PresentTypes(catalog);
  for (const { target } of relations) {
    if (target.kind === 'relation') present.addRelation(target.relation);
    else if (target.kind === 'temporary') present.addEverything();
  }
  for (const { name } of written.types) for (const { oid } of catalog.userTypes(name)) present.add(oid);
  return first(written.operators, ({ schema, name }) => {
    if (schema === 'pg_catalog') return undefined;
    const unseen = catalog.userOperators(name).filter((one) => {
      if (!present.has(one.left) || !present.has(one.right)) return false;
      const called = catalog.functionByOid(one.function);
      return !called || !isTrusted(called);
    });
    const isKnown = catalog.isBuiltInOperator(name) || catalog.userOperators(name).length > 0;
    if (unseen.length === 0 && isKnown) return undefined;
    return refused(
      `operator ${name} of the database runs code that is not seen`,
      `Write OPERATOR(pg_catalog.${name}) for Postgres' own.`,
    );
  });
}

function guardRisks({ facts }: Resolved, catalog: Catalog): Refused | undefined {
  const isSeen = (): boolean => {
    const trusted = new Set(catalog.snapshot.functions.filter(isTrusted).map((one) => qualifiedName(one.schema, one.name)));
    return facts.functions.every((name) => trusted.has(name));
  };
  return first(facts.risks, (risk) => {
    const why = refusedRisks[risk] ?? (storedCode[risk] === undefined || isSeen() ? undefined : storedCode[risk]);
    return why === undefined ? undefined : refused(why, plainHint);
  });
}

function guardBuiltIn(name: string, access: string, plan: MaskPlan): Refused | undefined {
  if (access !== 'read') return refused(`${name} may not be written where columns are masked`, plainHint);
  const hidden = hiddenColumns(name);
  if (hidden !== undefined && (hidden.length === 0 || plan.builtIn.has(name))) return undefined;
  return refused(`${name} may hold what is masked`, 'Ask information_schema.columns or pg_class instead.');
}

function guardRelation(
  { relation }: Extract<ResolvedRelation['target'], { kind: 'relation' }>,
  catalog: Catalog,
  plan: MaskPlan,
): Refused | undefined {
  const name = `${relation.schema}.${relation.name}`;
  if (plan.derived.has(relation.oid))
    return refused(
      `${name} rests on a table with masked columns`,
      'Read that table: its masked columns show as they may be shown.',
    );
  const covered = plan.covered.get(relation.oid);
  if (covered?.lacks !== undefined)
    return refused(
      `a mask of ${name} names the column ${covered.lacks}, which is not there`,
      'Its policy has to be brought up to date.',
    );
  switch (relation.kind) {
    case 'table':
    case 'partitioned table':
    case 'sequence':
      return undefined;
    case 'view':
    case 'materialized view':
      return showsUnseen(relation, catalog) ? refused(`${name} shows what may hold a masked value`, plainHint) : undefined;
    case 'foreign table':
    case 'index':
    case 'composite type':
      return refused(`${name} is a ${relation.kind}, which may lead to what is masked here`, plainHint);
  }
}

function first<T>(items: readonly T[], test: (item: T) => Refused | undefined): Refused | undefined {
  for (const item of items) {
    const found = test(item);
    if (found) return found;
  }
  return undefined;
}
