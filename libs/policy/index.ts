export { compile, type Compiled, type PolicyProblem } from './compile.js';
export { decide, type Decision, type HoldTerms } from './decide.js';
export { defaultPolicy } from './default-policy.js';
export type { Context } from './match.js';
export { Policy } from './policy.js';
export type { Mask, Role, Rule, When } from './schema.js';
