export { compile, type Compiled, type PolicyProblem } from './compile.js';
export { decide, type Decidable, type Decision, type HoldDecision } from './decide.js';
export { defaultPolicy } from './default-policy.js';
export type { Context } from './match.js';
export { loginFor, masksFor, type Policy } from './policy.js';
export type { Mask, Role, Rule, When } from './schema.js';
