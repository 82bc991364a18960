import type { PartName, Withheld } from '#events';
import type { LogFailed } from '#event-log';
import { request } from '#pgwire';
import type { Accounted } from './account.js';
import { rangeBytes, type SessionContext, wireRecorded } from './context.js';
import { logBroken, refusalResponse } from './refusal.js';
import type { Replies } from './replies.js';

const withheldCopy: ReadonlyMap<PartName, Withheld> = new Map([['copy', 'cap']]);

/**
 * COPY FROM STDIN: its data goes to the server as it comes (it has no lasting effect before CopyDone), and CopyDone waits until all of
 * the data is on record.
 */
export class CopyIn {
  /** The server reads CopyData. */
  active = false;
  private taken = 0;
  /** A stretch of the data could not be recorded: the COPY must not end well. */
  private unrecorded: LogFailed | undefined;

  constructor(
    private readonly ctx: SessionContext,
    private readonly replies: Replies,
  ) {}

  start(): void {
    this.active = true;
    this.taken = 0;
    this.unrecorded = undefined;
  }

  /** A CopyData message. */
  data(bytes: Buffer): void {
    const { client, port } = this.ctx;
    client.begin('d', bytes.length, bytes);
    port.toServer(bytes);
    if (client.size > rangeBytes) this.record();
    else this.ctx.linger();
  }

  /** CopyDone: `then` is called when it was sent, or CopyFail in its place. */
  done(bytes: Buffer, then: () => void): void {
    const running = this.replies.copying;
    this.ctx.client.begin('c', bytes.length, bytes);
    this.write(() => {
      this.active = false;
      const { unrecorded } = this;
      if (unrecorded && running) {
        const refusal = logBroken(unrecorded.sqlstate);
        const error = refusalResponse(refusal, this.ctx.statementId(running.n));
        this.replies.replacement = { error, sqlstate: refusal.sqlstate };
      }
      this.ctx.port.toServer(unrecorded ? request.copyFail('its record could not be written') : bytes);
      then();
    });
  }

  fail(bytes: Buffer): void {
    this.ctx.client.begin('f', bytes.length, bytes);
    this.record();
    this.active = false;
    this.ctx.port.toServer(bytes);
  }

  /**
   * A message that has no place in COPY data. The server would fail the COPY and drop the message; whether it still reads data when
   * the message arrives is not known here, so the message itself never goes.
   */
  interrupt(type: string): void {
    this.record();
    this.active = false;
    const code = type.charCodeAt(0).toString(16);
    this.ctx.port.toServer(request.copyFail(`unexpected message type 0x${code} during COPY from stdin`));
  }

  /** Puts what was taken of the data on record. */
  record(): void {
    if (this.active && !this.ctx.client.isEmpty) this.write(() => undefined);
  }

  private write(then: () => void): void {
    const range = this.close();
    this.ctx.port.record([wireRecorded(range, this.replies.copying?.n)], this.ctx.need, (error) => {
      if (error) {
        this.unrecorded ??= error;
        this.ctx.recordLost([range.wire]);
      }
      then();
    });
  }

  private close(): Accounted {
    const range = this.ctx.client.close(this.taken > this.ctx.facts.limits.statementResultBytes ? withheldCopy : undefined);
    this.taken += range.wire.to - range.wire.from;
    return range;
  }
}
