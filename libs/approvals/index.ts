export { binding, type Bound, type BoundParameter } from './binding.js';
export { type Approval, type Held, type Holds, noHolds, type Vote } from './holds.js';
export { evolve, forget } from './evolve.js';
export { isEligible, type Outcome, outcomeOf, pending } from './outcome.js';
