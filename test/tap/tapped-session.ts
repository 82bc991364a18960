import { decodeAuthentication, decodeBackendKeyData, Framer, ProtocolViolation, type Direction, type Frame } from '#pgwire';

/** What a tap saw of one session. */
export interface TappedSession {
  /** Sent by the client after its last authentication message, or after its start-up packet where the server asked for none. */
  readonly client: Buffer;
  /** Sent to the client after the first ReadyForQuery. */
  readonly server: Buffer;
  /** That the proxy sees its client at: the session's `session.opened` has it. */
  readonly port: number;
  /** The start-up parameters. */
  readonly parameters: ReadonlyMap<string, string>;
  /** As BackendKeyData gave it, undefined where the session came to none. */
  readonly backendPid: number | undefined;
  /** Whether both sides have closed. */
  readonly closed: boolean;
}

/** Keeps the bytes of one session after its start-up packet, and finds where in them an account of them begins. */
export class SessionRecorder {
  closed = false;
  private readonly client = new Stream('frontend');
  private readonly server = new Stream('backend');
  private authenticated = false;
  private clientFrom = 0;
  private serverFrom: number | undefined;
  private backendPid: number | undefined;

  constructor(
    private readonly port: number,
    private readonly parameters: ReadonlyMap<string, string>,
  ) {}

  fromClient(chunk: Buffer): void {
    this.client.take(chunk, ({ type }, end) => {
      // What a client sends after its last word of authentication may overtake the server's answer to that.
      if (type === 'p' && !this.authenticated) this.clientFrom = end;
    });
  }

  fromServer(chunk: Buffer): void {
    this.server.take(chunk, ({ type, bytes }, end) => {
      if (this.serverFrom !== undefined) return;
      if (type === 'R' && decodeAuthentication(bytes).kind === 'ok') {
        this.authenticated = true;
        this.client.follow = false;
      }
      if (type === 'K') this.backendPid = decodeBackendKeyData(bytes).pid;
      if (type === 'Z') {
        this.serverFrom = end;
        this.server.follow = false;
      }
    });
  }

  get session(): TappedSession {
    return {
      client: this.client.bytes.subarray(this.clientFrom),
      server: this.serverFrom === undefined ? Buffer.alloc(0) : this.server.bytes.subarray(this.serverFrom),
      port: this.port,
      parameters: this.parameters,
      backendPid: this.backendPid,
      closed: this.closed,
    };
  }
}

class Stream {
  /** Whether messages are still looked for. */
  follow = true;
  private readonly chunks: Buffer[] = [];
  private readonly framer: Framer;
  private framed = 0;

  constructor(direction: Direction) {
    this.framer = new Framer({ direction, maxFrame: 1024 * 1024, whole: () => true });
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  take(chunk: Buffer, onFrame: (frame: Frame, end: number) => void): void {
    this.chunks.push(chunk);
    if (!this.follow) return;
    try {
      this.framer.push(chunk, (frame) => {
        this.framed += frame.length;
        onFrame(frame, this.framed);
      });
    } catch (cause) {
      if (!(cause instanceof ProtocolViolation)) throw cause;
      this.follow = false; // a test that breaks the protocol on purpose: the bytes are kept all the same
    }
  }
}
