import type { Act, Resolved, Written } from '#sql';
import type { SessionContext } from './context.js';
import { forwardedAs, maskingOf } from './masking.js';
import type { Prepared } from './running.js';
import type { SessionState } from './state.js';

/** Names that statements earlier in the same text make, on top of the session's. */
export class Scope {
  private readonly prepared = new Map<string, Resolved | undefined>();
  private readonly cursors = new Map<string, Resolved | undefined>();

  constructor(private readonly ctx: SessionContext) {}

  define(kind: 'prepared' | 'cursors', name: string, inner: Resolved): void {
    this[kind].set(name, inner);
  }

  /** What EXECUTE of a name runs: resolved anew where what its own names stand for may have changed. */
  statement(name: string): Resolved | undefined {
    if (this.prepared.has(name)) return this.prepared.get(name);
    const known = this.ctx.state.prepared.get(name);
    return known && asOfNow(this.ctx, known);
  }

  /** Whether masks would have a prepared statement sent otherwise by now: the server runs the text that it was given then. */
  isStale(name: string): boolean {
    const known = this.prepared.has(name) ? undefined : this.ctx.state.prepared.get(name);
    const [written] = known?.written ?? [];
    if (!this.ctx.judge.masking || !known || !written || isCurrent(this.ctx, known)) return false;
    const now = asOfNow(this.ctx, known);
    return !now || known.forwarded !== forwardedAs(maskingOf(this.ctx.judge, known.sql, [written], [now], [now]), written);
  }

  cursor(name: string): Resolved | undefined {
    if (this.cursors.has(name)) return this.cursors.get(name);
    return this.ctx.state.portals.get(name)?.meaning.asked[0];
  }
}

const isCurrent = ({ state, judge }: SessionContext, { epoch, catalog }: Prepared): boolean =>
  epoch === state.epoch && catalog === judge.catalog;

function asOfNow(ctx: SessionContext, known: Prepared): Resolved | undefined {
  const [written] = known.written;
  if (!written || isCurrent(ctx, known)) return known.meaning.asked[0];
  return ctx.judge.resolve(written, { ...ctx.state.names(), parameterTypes: known.parameterTypes });
}

/** Whether a text runs by its name what nobody knows yet: its Parse, of an earlier pipeline, is not answered. */
export const awaitsName = ({ prepared }: SessionState, written: readonly Written[], pipeline: number): boolean =>
  written.some(({ act }) => {
    const name = executedBy(act);
    const known = name === undefined ? undefined : prepared.get(name);
    return known !== undefined && !known.settled && known.pipeline !== pipeline;
  });

/** The name of the prepared statement that it runs. */
export const executedBy = (act: Act): string | undefined =>
  act.kind === 'execute' ? act.name : act.kind === 'explain' ? act.executes : undefined;
