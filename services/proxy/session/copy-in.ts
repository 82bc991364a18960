import { type Frame, request } from '#pgwire';
import { logBroken, refusalResponse } from './refusal.js';
import { rangeBytes, type SessionContext, wireRecorded } from './context.js';
import type { Replies } from './replies.js';

type CopyFrame = Pick<Frame, 'type' | 'length' | 'piece'>;

/**
 * COPY FROM STDIN: its data goes to the server as it comes (it has no lasting effect before CopyDone), and CopyDone waits until all of
 * the data is on record.
 */
export class CopyIn {
  /** The server reads CopyData. */
  active = false;
  private kept = 0;

  constructor(
    private readonly ctx: SessionContext,
    private readonly replies: Replies,
  ) {}

  start(): void {
    this.active = true;
    this.kept = 0;
  }

  /** A CopyData message, or a piece of one. */
  data(frame: CopyFrame, bytes: Buffer): void {
    const { client, port } = this.ctx;
    if (frame.piece === 'whole' || frame.piece === 'first') client.begin(frame.type, frame.length, bytes);
    else client.carryOn(frame.type, bytes);
    port.toServer(bytes);
    if (client.size > rangeBytes) this.record();
    else this.ctx.linger();
  }

  /** CopyDone: `then` is called when it was sent, or CopyFail in its place. */
  done(bytes: Buffer, then: () => void): void {
    const { client, port } = this.ctx;
    const running = this.replies.copying;
    client.begin('c', bytes.length, bytes);
    port.record([wireRecorded(client.close(this.withheld()), running?.n)], this.ctx.need, (error) => {
      this.active = false;
      if (error && running) {
        const refusal = logBroken(error.sqlstate);
        this.replies.replacement = {
          error: refusalResponse(refusal, this.ctx.statementId(running.n)),
          sqlstate: refusal.sqlstate,
        };
      }
      port.toServer(error ? request.copyFail('its record could not be written') : bytes);
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
    this.ctx.port.toServer(
      request.copyFail(`unexpected message type 0x${type.charCodeAt(0).toString(16)} during COPY from stdin`),
    );
  }

  /** A piece of data that no COPY asked for: the server would drop it. */
  unasked(frame: CopyFrame, bytes: Buffer): void {
    if (frame.piece === 'first') this.ctx.client.begin(frame.type, frame.length, bytes);
    else this.ctx.client.carryOn(frame.type, bytes);
    if (this.ctx.client.size > rangeBytes) this.record();
  }

  /** Puts what was accounted for on record. */
  record(): void {
    const { client } = this.ctx;
    if (client.isEmpty) return;
    const range = client.close(this.withheld());
    this.kept += range.wire.to - range.wire.from;
    this.ctx.port.record([wireRecorded(range, this.replies.copying?.n)], 'linger');
  }

  private withheld(): ReadonlyMap<'copy', 'cap'> | undefined {
    return this.kept > this.ctx.facts.limits.statementResultBytes ? new Map([['copy', 'cap']]) : undefined;
  }
}
