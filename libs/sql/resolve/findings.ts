import type { Effect } from '../written.js';
import type { Risk } from './risks.js';

/** What is gathered about one statement while it is resolved. */
export class Findings {
  readonly effects: Set<Effect>;
  readonly reads = new Set<string>();
  readonly writes = new Set<string>();
  readonly functions = new Set<string>();
  readonly risks = new Set<Risk>();
  /** Roles that it makes the session run as. */
  readonly assumes = new Set<string>();
  unbounded = false;
  matters = false;

  constructor(effects: readonly Effect[]) {
    this.effects = new Set(effects);
  }
}
