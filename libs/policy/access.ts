import { type Context, compileWhen } from './match.js';
import { exemptingGroup, masksOn, type Policy } from './policy.js';
import { chooseRole, type Granted, type Passed } from './roles.js';
import type { Rule, When } from './schema.js';
import type { Who } from './who.js';

/** What a policy makes of a principal on a database: all but the statement. */
export interface Access {
  /** Undefined: no session. */
  readonly granted: Granted | undefined;
  /** The roles before it that do not fit, and why. */
  readonly passed: readonly Passed[];
  readonly masks: readonly MaskOnAccess[];
  /** Rules that some statement of such a session may meet, in their order. */
  readonly rules: readonly RuleOnAccess[];
}

export interface MaskOnAccess {
  /** `schema.table.column` */
  readonly column: string;
  readonly mask: string;
  /** The group that lifts it; undefined: it applies. */
  readonly exemptBy: string | undefined;
}

export interface RuleOnAccess {
  readonly name: string;
  readonly then: Rule['then'];
  /** It asks something of the statement, or of its run: it is not for all that such a session sends. */
  readonly depends: boolean;
}

export function accessOf(policy: Policy, who: Who, target: string, database: string): Access {
  const { granted, passed } = chooseRole(policy, who, target, database);
  const { principal, actors } = who;
  return {
    granted,
    passed,
    masks: masksOn(policy, target, database).map((mask) => ({
      column: Object.values(mask.column).join('.'),
      mask: mask.mask,
      exemptBy: exemptingGroup(mask, principal),
    })),
    rules: granted ? rulesFor(policy, { principal, actors, target, database }) : [],
  };
}

/** Where a principal may go. */
export interface Reach {
  readonly target: string;
  /** A database, or a pattern of names in which `*` stands for anything. */
  readonly database: string;
  readonly role: string;
  readonly login: string;
}

/**
 * The databases that a principal may reach, as far as the policy names them: in the order of its roles, of which the first that fits
 * counts. A condition on the database is asked about a pattern as it is written.
 */
export function reachOf(policy: Policy, who: Who): Reach[] {
  const places = new Map(
    policy.roles.flatMap(({ role }) => role.databases.map((database) => [`${role.target}/${database}`, { ...role, database }])),
  );
  return [...places.values()].flatMap(({ target, database }) => {
    const { granted } = chooseRole(policy, who, target, database);
    return granted ? [{ target, database, role: granted.name, login: granted.login }] : [];
  });
}

/** The databases of a target that its roles name, patterns aside. */
export const databasesNamed = (policy: Policy, target: string): string[] => [
  ...new Set(
    policy.roles
      .filter(({ role }) => role.target === target)
      .flatMap(({ role }) => role.databases.filter((database) => !database.includes('*'))),
  ),
];

function rulesFor(policy: Policy, context: Context): RuleOnAccess[] {
  const found: RuleOnAccess[] = [];
  for (const { rule } of policy.rules) {
    const [ofWho, ofStatement] = parted(rule.when ?? {});
    if (!compileWhen(ofWho)(anyStatement, context)) continue;
    const depends = Object.keys(ofStatement).length > 0;
    found.push({ name: rule.name, then: rule.then, depends });
    if (!depends) break; // it takes all that comes to it
  }
  return found;
}

const aboutWho: ReadonlySet<string> = new Set(['groups', 'subjects', 'kinds', 'actors', 'targets', 'databases']);

function parted(when: When): readonly [who: When, statement: When] {
  const entries = Object.entries(when);
  const those = (isWho: boolean): When => Object.fromEntries(entries.filter(([condition]) => aboutWho.has(condition) === isWho));
  return [those(true), those(false)];
}

/** Not looked at: the conditions that are about who and where read nothing of it. */
const anyStatement = {
  verb: '',
  effects: [],
  reads: [],
  writes: [],
  functions: [],
  unbounded: false,
  risks: [],
  from: 0,
  to: 0,
};
