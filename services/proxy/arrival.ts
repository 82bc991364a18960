import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { decodeStartup, type Startup } from '#pgwire';

/** The client hung up, or said something that is no start of a session. Nothing is told to it. */
export class NoSession extends Error {
  override readonly name = 'NoSession';
}

/** A message before authentication is at most a token long. */
const longestMessage = 64 * 1024;

/**
 * A connection from its first byte to the end of authentication: what arrived and was not read yet is kept, so that nothing is lost
 * between start-up and session.
 */
export class Arrival {
  private unread: Buffer = Buffer.alloc(0);
  private wake: (() => void) | undefined;
  private gone = false;

  private readonly onData = (chunk: Buffer): void => {
    this.unread = this.unread.length === 0 ? chunk : Buffer.concat([this.unread, chunk]);
    if (this.unread.length > longestMessage) this.socket.pause();
    this.wake?.();
  };
  private readonly onGone = (): void => {
    this.gone = true;
    this.wake?.();
  };

  constructor(public socket: Socket) {
    this.listen();
  }

  /** The next start-up packet. @throws NoSession, MalformedStartup */
  async startup(): Promise<Startup> {
    for (;;) {
      const packet = decodeStartup(this.unread);
      if (packet) {
        this.unread = this.unread.subarray(packet.length);
        return packet;
      }
      await this.more();
    }
  }

  /** Whether TLS begins at once, without an SSLRequest. */
  async beginsTls(): Promise<boolean> {
    while (this.unread.length === 0) await this.more();
    return this.unread[0] === 0x16;
  }

  /** The next whole message. @throws NoSession */
  async message(): Promise<Buffer> {
    for (;;) {
      if (this.unread.length >= 5) {
        const length = 1 + this.unread.readInt32BE(1);
        if (length < 5 || length > longestMessage) throw new NoSession(`a message of ${length} bytes before authentication`);
        if (this.unread.length >= length) {
          const message = this.unread.subarray(0, length);
          this.unread = this.unread.subarray(length);
          return message;
        }
      }
      await this.more();
    }
  }

  /** Bytes that came in plaintext behind a request for TLS: somebody in between put them there. */
  get hasUnread(): boolean {
    return this.unread.length > 0;
  }

  /** Goes on inside TLS. @throws NoSession when the handshake fails */
  async secure(context: SecureContext, alpn?: string): Promise<void> {
    const plain = this.socket;
    this.detach();
    if (this.unread.length > 0) plain.unshift(this.unread);
    this.unread = Buffer.alloc(0);
    const secured = new TLSSocket(plain, {
      isServer: true,
      secureContext: context,
      ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
    });
    await new Promise<void>((resolve, reject) => {
      const failed = (cause: unknown): void => {
        reject(new NoSession('the TLS handshake failed', { cause }));
      };
      secured.once('secure', resolve);
      secured.once('error', failed);
      secured.once('close', failed);
    });
    secured.removeAllListeners('error');
    secured.removeAllListeners('close');
    this.socket = secured;
    this.listen();
  }

  /** Hands the connection over, paused and without listeners, with what was not read. */
  detach(): Buffer {
    const { socket } = this;
    socket.pause();
    socket.off('data', this.onData);
    socket.off('close', this.onGone);
    socket.off('error', this.onGone);
    socket.on('error', ignored);
    return this.unread;
  }

  private listen(): void {
    const { socket } = this;
    socket.on('data', this.onData);
    socket.on('close', this.onGone);
    socket.on('error', this.onGone);
    socket.resume();
  }

  private async more(): Promise<void> {
    if (this.gone) throw new NoSession('the client hung up');
    this.socket.resume();
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
    this.wake = undefined;
  }
}

// Every error of a socket is followed by its close, which is what is acted on.
const ignored = (): void => undefined;
