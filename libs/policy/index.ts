export { compile, type Compiled, type PolicyProblem } from './compile.js';
export { decide, type Decidable, type Decision, type HoldDecision } from './decide.js';
export { defaultPolicy } from './default-policy.js';
export { type Access, accessOf, databasesNamed, type MaskOnAccess, type Reach, reachOf, type RuleOnAccess } from './access.js';
export type { Context } from './match.js';
export { masksFor, type Policy } from './policy.js';
export { chooseRole, type Granted, type Passed, type RoleChoice, roleName } from './roles.js';
export type { Mask, Role, Rule, When } from './schema.js';
export { recordedClaims, type Who } from './who.js';
