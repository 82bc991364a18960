import type { Socket } from 'node:net';
import { Framer } from '../framer.js';
import { discard } from './dial.js';
import { ConnectionLost } from './errors.js';

/** A connection to a server, read one whole message at a time. */
export class Wire {
  private readonly framer: Framer;
  private readonly arrived: Buffer[] = [];
  private waiting: PromiseWithResolvers | undefined;
  private lost: Error | undefined;

  /** @param maxFrame the longest message that is taken, in bytes */
  constructor(
    readonly socket: Socket,
    maxFrame: number,
  ) {
    this.framer = new Framer({ direction: 'backend', maxFrame, whole: () => true });
    socket.on('data', this.onData).on('error', this.onError).on('close', this.onClose).resume();
  }

  /** The next message, as a frame of its own. @throws ConnectionLost, or ProtocolViolation when the server breaks the protocol */
  next(): Promise<Buffer> {
    const frame = this.arrived.shift();
    if (frame) return Promise.resolve(frame);
    if (this.lost) return Promise.reject(this.lost);
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** Says good-bye and closes. */
  async close(terminate: Buffer): Promise<void> {
    if (this.lost) return;
    const closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.end(terminate);
    await closed;
  }

  destroy(): void {
    discard(this.socket);
  }

  /** Lets go of the socket, which is paused then, and gives the bytes that arrived and were not asked for. */
  detach(): Buffer {
    this.socket.pause();
    this.socket.off('data', this.onData).off('error', this.onError).off('close', this.onClose);
    return Buffer.concat([...this.arrived, this.framer.incomplete?.held ?? Buffer.alloc(0)]);
  }

  private readonly onData = (chunk: Buffer): void => {
    try {
      this.framer.push(chunk, ({ bytes }) => {
        this.arrived.push(Buffer.from(bytes));
      });
    } catch (cause) {
      this.fail(cause as Error);
      this.destroy();
    }
    const frame = this.waiting && this.arrived.shift();
    if (!frame) return;
    this.waiting?.resolve(frame);
    this.waiting = undefined;
  };

  private readonly onError = (cause: Error): void => {
    this.fail(new ConnectionLost(cause.message, { cause }));
  };

  private readonly onClose = (): void => {
    this.fail(new ConnectionLost('the server closed the connection'));
  };

  private fail(error: Error): void {
    this.lost ??= error;
    this.waiting?.reject(this.lost);
    this.waiting = undefined;
  }
}

interface PromiseWithResolvers {
  readonly resolve: (frame: Buffer) => void;
  readonly reject: (error: Error) => void;
}
