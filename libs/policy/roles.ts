import type { CelInput } from '@bufbuild/cel';
import type { Expression } from './cel/expression.js';
import { matchesAny } from './glob.js';
import type { Policy } from './policy.js';
import type { Role } from './schema.js';
import { type Claim, claimsNamed, type Who } from './who.js';

/** A role with its expression compiled. */
export interface CompiledRole {
  readonly role: Role;
  readonly when: Expression | undefined;
}

/** What a principal's session runs as. */
export interface Granted {
  /** The role's name; its login, where it has none. */
  readonly name: string;
  /** At the target. */
  readonly login: string;
  /** Roles of the database that the session may change to. */
  readonly mayAssume: readonly string[];
}

/** A role that does not fit, and why: the first of its conditions that does not hold. */
export interface Passed {
  readonly name: string;
  readonly why: string;
  /** Its expression gave neither true nor false: it counts as not fitting, and whoever keeps the policy should know. */
  readonly failed: boolean;
}

export interface RoleChoice {
  /** Undefined: no session. */
  readonly granted: Granted | undefined;
  /** The roles before it, in their order. */
  readonly passed: readonly Passed[];
}

export const roleName = ({ name, login }: Role): string => name ?? login;

/** The role that a principal's session runs in: the first that fits. Without one there is no session. */
export function chooseRole(policy: Policy, who: Who, target: string, database: string): RoleChoice {
  const asked: Asked = { who, target, database, claims: celClaims(claimsNamed(who.claims, policy.claimsRead)) };
  const passed: Passed[] = [];
  for (const compiled of policy.roles) {
    const { role } = compiled;
    const obstacle = obstacleOf(compiled, asked);
    if (!obstacle) return { granted: { name: roleName(role), login: role.login, mayAssume: role.mayAssume ?? [] }, passed };
    passed.push({ name: roleName(role), ...obstacle });
  }
  return { granted: undefined, passed };
}

interface Asked {
  readonly who: Who;
  readonly target: string;
  readonly database: string;
  readonly claims: Readonly<Record<string, CelInput>>;
}

type Obstacle = Omit<Passed, 'name'>;

function obstacleOf({ role, when }: CompiledRole, asked: Asked): Obstacle | undefined {
  const { target, database, who } = asked;
  const { principal } = who;
  const no = (why: string): Obstacle => ({ why, failed: false });
  if (role.target !== target) return no(`it is for target ${role.target}`);
  if (!matchesAny(role.databases, database)) return no(`it is for databases ${role.databases.join(', ')}`);
  if (role.issuer !== undefined && role.issuer !== principal.issuer) return no(`it is for principals of ${role.issuer}`);
  if (role.groups && !role.groups.some((group) => principal.groups.includes(group)))
    return no(`the principal is in none of its groups: ${role.groups.join(', ')}`);
  if (role.subjects && !role.subjects.includes(principal.subject)) return no('the principal is none of its subjects');
  if (!when) return undefined;
  const outcome = when.evaluate(bindings(asked));
  if (outcome === true) return undefined;
  if (outcome === false) return no(`its condition does not hold: ${when.text}`);
  return { why: `its condition cannot be evaluated: ${outcome.failed}: ${when.text}`, failed: true };
}

/** What the expression of a role reads. */
const bindings = ({ who, target, database, claims }: Asked): Record<string, CelInput> => ({
  principal: { ...who.principal },
  actors: who.actors.map((actor) => ({ ...actor })),
  target,
  database,
  claims,
});

const celClaims = (claims: Readonly<Record<string, Claim>>): Record<string, CelInput> =>
  Object.fromEntries(Object.entries(claims).map(([name, claim]) => [name, celInput(claim)]));

/** Integers are CEL's own. */
function celInput(claim: Claim): CelInput {
  if (typeof claim === 'number') return BigInt(claim);
  if (typeof claim !== 'object' || claim === null) return claim;
  return Array.isArray(claim) ? claim.map(celInput) : celClaims(claim as Readonly<Record<string, Claim>>);
}
