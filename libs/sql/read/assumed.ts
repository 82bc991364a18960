import { constantText, list, type Node, names, nodeOf, text } from './tree.js';

/** What stands for a role that the text does not tell. */
const anyRole = '*';

const identities: ReadonlySet<string> = new Set(['role', 'session_authorization']);

/**
 * The role that a SET makes the session run as; undefined where it sets something else, or goes back to the session's login. One that
 * is kept for later (ALTER ROLE … SET role, a function's SET clause) takes effect where nobody decides on it.
 */
export function assumedBySetting(node: Node, takesEffect: 'now' | 'later'): string | undefined {
  if (!identities.has(text(node['name']).toLowerCase())) return undefined;
  const { kind } = node;
  if (kind === 'VAR_RESET' || kind === 'VAR_SET_DEFAULT') return undefined;
  return takesEffect === 'now' && kind === 'VAR_SET_VALUE' ? named(constantText(list(node['args'])[0])) : anyRole;
}

/** The role that a call of set_config makes the session run as: any, where the setting's name or its value is no constant. */
export function assumedByCall(node: Node): string | undefined {
  const path = names(node['funcname']);
  if (path.at(-1) !== 'set_config' || (path.length > 1 && path[0] !== 'pg_catalog')) return undefined;
  const [setting, value] = list(node['args']).map(constant);
  if (setting === undefined) return anyRole;
  if (!identities.has(setting.toLowerCase())) return undefined;
  return value === undefined ? anyRole : named(value);
}

// `none` is the session's login itself; no role can have that name.
const named = (role: string): string | undefined => (role === 'none' ? undefined : role);

function constant(argument: unknown): string | undefined {
  const cast = nodeOf(argument, 'TypeCast');
  if (cast) return constant(cast['arg']);
  const value = nodeOf(argument, 'A_Const');
  return value?.['sval'] === undefined ? undefined : constantText(argument);
}
