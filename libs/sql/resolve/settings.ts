import type { Act } from '../written.js';
import type { Risk } from './risks.js';

/** Settings that shape a session's answers or bound its time, and that no decision reads. */
const harmless = new Set([
  'application_name',
  'datestyle',
  'extra_float_digits',
  'idle_in_transaction_session_timeout',
  'idle_session_timeout',
  'intervalstyle',
  'lock_timeout',
  'statement_timeout',
  'timezone',
  'transaction_timeout',
]);

/** Settings that change how the server reads text, so that it would read another statement than was decided on. */
const lexer = new Set([
  'standard_conforming_strings',
  'client_encoding',
  'backslash_quote',
  'escape_string_warning',
  'transform_null_equals',
]);

/** Values under which a session is served at all, or that let the server say no more than it says by itself. */
const harmlessValues: ReadonlyMap<string, readonly string[]> = new Map([
  ['standard_conforming_strings', ['on', 'true', 'yes', '1']],
  ['client_encoding', ['utf8', 'utf-8', 'unicode']],
  ['client_min_messages', ['notice', 'warning', 'error']],
]);

export interface SettingChange {
  readonly name: string;
  readonly risk?: Risk;
  /** Whether a later decision may read it. */
  readonly matters: boolean;
}

/** The setting that a statement changes, where it changes one by name. */
export function settingChange(act: Act): SettingChange | undefined {
  if (act.kind !== 'set' && act.kind !== 'reset') return undefined;
  const { name } = act;
  if (harmless.has(name)) return { name, matters: false };
  if (name === 'transaction') return { name, matters: false }; // SET TRANSACTION: gone with the transaction, read by no rule
  if (act.kind === 'set' && act.values.length === 1 && harmlessValues.get(name)?.includes((act.values[0] ?? '').toLowerCase())) {
    return { name, matters: false };
  }
  return { name, risk: riskOf(name), matters: true };
}

function riskOf(name: string): Risk {
  if (lexer.has(name)) return 'lexer-setting';
  if (name === 'role' || name === 'session_authorization') return 'role';
  return name === 'search_path' ? 'search-path' : 'setting';
}
