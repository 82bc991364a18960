import type { Rule } from './rule.js';
import { bypass } from './rules/bypass.js';
import { destructiveDdl } from './rules/destructive-ddl.js';

/** Every rule that runs. Adding one is adding its file and a line. */
export const rules: readonly Rule[] = [destructiveDdl, bypass];
