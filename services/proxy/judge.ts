import type { RunContext } from '#events';
import { type Context, decide, type Decision, masksFor, type Policy } from '#policy';
import { analyzerVersion, resolve, type Resolved, type SessionNames, type Written } from '#sql';
import type { CatalogHandle } from './catalogs.js';
import { CatalogMasking } from './masks.js';
import { Judge, type SessionFacts, type SessionMasking } from './session/port.js';

/** Decides for one session: its principal and target are fixed, the catalog is the one of the moment. */
export class SessionJudge extends Judge {
  readonly analyzer = analyzerVersion;
  override readonly masking: SessionMasking | undefined = undefined;
  private context: Context;

  constructor(
    private readonly rules: Policy,
    private readonly handle: CatalogHandle,
    { principal, actors, mayRunAs, target, database }: SessionFacts,
  ) {
    super();
    this.context = { principal, actors, mayRunAs, target, database };
    const masks = masksFor(rules, principal, target, database);
    if (masks.length > 0) this.masking = new CatalogMasking(masks, handle);
  }

  get policy(): string {
    return this.rules.hash;
  }

  get catalog(): string {
    return this.handle.current().hash;
  }

  get isStale(): boolean {
    return this.handle.isStale();
  }

  resolve(written: Written, names: SessionNames): Resolved {
    return resolve(written, this.handle.current(), names);
  }

  decide(statements: readonly Resolved[], run: RunContext): Decision {
    // Written out, and kept while the run stays: spread for each statement, it would cost more than most rules.
    if (this.context.run !== run) {
      const { principal, actors = [], mayRunAs = [], target, database } = this.context;
      this.context = { principal, actors, mayRunAs, target, database, run };
    }
    return decide(statements, this.context, this.rules);
  }
}
