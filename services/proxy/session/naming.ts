import { decodeClose, decodeDescribe } from '#pgwire';
import type { SessionContext } from './context.js';
import type { ClientMessage, Pipeline } from './pipeline.js';

/** Describe and Close: nothing is decided on, but what a name stands for is followed. */
export class Naming {
  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
  ) {}

  describe(message: ClientMessage): void {
    const { of, name } = decodeDescribe(message.bytes);
    const { state } = this.ctx;
    const portal = of === 'portal' ? state.portals.get(name) : undefined;
    if (portal) portal.described = true;
    const described = portal ?? (of === 'statement' ? state.prepared.get(name) : undefined);
    this.pipeline.account(message);
    this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'describe', of: described } });
  }

  close(message: ClientMessage): void {
    const { of, name } = decodeClose(message.bytes);
    const { state } = this.ctx;
    this.pipeline.account(message);
    const closed = of === 'statement' ? state.prepared.get(name) : undefined;
    if (of === 'portal') state.portals.delete(name);
    else state.prepared.delete(name);
    state.namesEpoch++;
    this.pipeline.forward({ bytes: message.bytes, expected: { kind: 'close', closed } });
  }
}
