export { neutral, type NeutralFault, type Said } from './fault.js';
export { carriedBy, type Lineage, lineageOf, plainLineage } from './lineage.js';
export { isFaithful } from './faithful.js';
export { mayHold, withoutValues } from './net.js';
export { isMaskedTag, maskPlan, type MaskPlan } from './plan.js';
export type { Refused } from './refusal.js';
export { type Masked, rewrite, type Statement, touchedBy } from './rewrite.js';
