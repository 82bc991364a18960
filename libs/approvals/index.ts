export { binding, type Bound, type BoundParameter } from './binding.js';
export { type Approval, type Asker, type Held, type Holds, isAsker, noHolds, type Vote } from './holds.js';
export { evolve, forget } from './evolve.js';
export { isEligible, type Outcome, outcomeOf, pending } from './outcome.js';
