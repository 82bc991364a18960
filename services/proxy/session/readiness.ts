import type { SessionContext } from './context.js';
import type { Asked, Deciding } from './deciding.js';
import type { ClientMessage, Pipeline } from './pipeline.js';
import * as refusals from './refusal.js';

/** When a message can be decided on. */
export class Readiness {
  /** The message that the catalog was last read again for. */
  private renewedFor: ClientMessage | undefined;

  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly deciding: Deciding,
    private readonly resume: () => void,
  ) {}

  /**
   * Whether a decision can be made now: nothing in flight may change what it reads. If that cannot settle before the client syncs,
   * the message is refused.
   */
  known(message: ClientMessage, form: Asked['form']): boolean {
    const { pipeline } = this;
    const { state, judge } = this.ctx;
    if (state.unsettled === 'nothing') return this.renewedFor === message || !judge.isStale || this.renewCatalog(message);
    if (state.transaction === 'E' && pipeline.nothingOpen) return true; // only the end of the transaction will pass
    if (pipeline.unsynced || !pipeline.gather.isEmpty) this.deciding.refuse({ message, form }, refusals.stateInFlight);
    return false;
  }

  /**
   * The catalog is older than decisions may rest on: it is read again before this one. What was read since the message came is new
   * enough for it, however long the reading took.
   */
  private renewCatalog(message: ClientMessage): false {
    const { pipeline } = this;
    pipeline.busy = true;
    this.renewedFor = message;
    this.ctx.port.refreshCatalog((error) => {
      pipeline.busy = false;
      if (pipeline.over) return;
      if (error) this.ctx.broken('the catalog cannot be read');
      else this.resume();
    });
    return false;
  }
}
