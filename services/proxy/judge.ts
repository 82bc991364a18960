import type { Principal } from '#events';
import { decide, type Decision, masksFor, type Policy } from '#policy';
import { analyzerVersion, resolve, type Resolved, type SessionNames, type Written } from '#sql';
import type { CatalogHandle } from './catalogs.js';
import { CatalogMasking } from './masks.js';
import { Judge, type SessionMasking } from './session/port.js';
import type { Destination } from './targets.js';

/** Decides for one session: its principal and target are fixed, the catalog is the one of the moment. */
export class SessionJudge extends Judge {
  readonly analyzer = analyzerVersion;
  override readonly masking: SessionMasking | undefined = undefined;

  constructor(
    private readonly rules: Policy,
    private readonly handle: CatalogHandle,
    private readonly principal: Principal,
    private readonly destination: Destination,
  ) {
    super();
    const masks = masksFor(rules, principal, destination.target.name, destination.database);
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

  decide(statements: readonly Resolved[]): Decision {
    const { target, database } = this.destination;
    return decide(statements, { principal: this.principal, target: target.name, database }, this.rules);
  }
}
