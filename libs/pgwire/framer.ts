import { FrameTooLong, MalformedFrame, type ProtocolViolation } from './violation.js';

/** Who sends the stream: the types of messages differ. */
export type Direction = 'frontend' | 'backend';

/** Which part of its message a frame holds. The first piece holds the header at least, and no piece is empty. */
export type Piece = 'whole' | 'first' | 'middle' | 'last';

/**
 * One message of the stream, or a piece of one. Borrowed: the framer fills the same object for the next frame, and `chunk` is the
 * caller's own unless the message had to be assembled.
 */
export interface Frame {
  /** The message's type byte, as one character. */
  readonly type: string;
  /** Bytes of the whole message, type byte included, whatever piece of it this is. */
  readonly length: number;
  readonly piece: Piece;
  /** The bytes are those of `chunk` in [from, to). */
  readonly chunk: Buffer;
  readonly from: number;
  readonly to: number;
  /** A view of them, made when asked for. */
  readonly bytes: Buffer;
}

export interface FramerOptions {
  readonly direction: Direction;
  /** The most bytes that a message to be held whole may have. Any other may have the 2 GiB of the protocol. */
  readonly maxFrame: number;
  /** Whether messages of this type are delivered whole even when they arrive in several chunks. Asked only where it matters. */
  readonly whole: (type: string) => boolean;
}

/** What has arrived of a message that is not complete. */
export interface Incomplete {
  readonly type: string;
  /** Absent while its header is incomplete. */
  readonly length?: number;
  /** Those of its bytes that were not delivered yet. */
  readonly held: Buffer;
}

const headerBytes = 5;
const empty = Buffer.alloc(0);

/**
 * Cuts one direction of a connection, after start-up, into messages without copying them: a message that lies whole in its chunk is
 * delivered as a range of it, one that does not is assembled (where `whole` asks for it) or delivered in pieces. The same chunks cut
 * anywhere else give the same messages. Memory grows with what has arrived, never with what a length announces.
 *
 * Message formats: https://www.postgresql.org/docs/18/protocol-message-formats.html
 */
export class Framer {
  /** May be changed between pushes: a client that is not authenticated yet has little to say. */
  maxFrame: number;
  private readonly types: readonly (string | undefined)[];
  private readonly whole: (type: string) => boolean;
  private readonly frame = new Cut();
  private failure: unknown;
  private lost: Buffer = empty;

  /** Bytes of a header that the last chunk ended in, or of a message that is being assembled. */
  private held: Buffer = empty;
  private heldBytes = 0;
  /** The message that the last chunk ended in; 0 when it ended between two, or within a header. */
  private openLength = 0;
  private openType = '';
  /** Bytes still to come of a message that is delivered in pieces. */
  private remaining = 0;

  constructor({ direction, maxFrame, whole }: FramerOptions) {
    this.types = knownTypes[direction];
    this.maxFrame = maxFrame;
    this.whole = whole;
  }

  /**
   * Takes the next chunk of the stream.
   * @throws MalformedFrame, FrameTooLong, or what `onFrame` threw; the stream is lost then, and every later push throws the same
   */
  push(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    if (this.failure !== undefined) throw this.failure as Error;
    try {
      this.cut(chunk, onFrame);
    } catch (cause) {
      this.failure = cause;
      throw cause;
    }
  }

  /** The message that the stream has stopped in, undefined between two messages. */
  get incomplete(): Incomplete | undefined {
    if (this.openLength > 0) return { type: this.openType, length: this.openLength, held: this.held.subarray(0, this.heldBytes) };
    if (this.heldBytes === 0) return undefined;
    return { type: String.fromCharCode(this.held[0] ?? 0), held: this.held.subarray(0, this.heldBytes) };
  }

  /** Once the stream is lost to a violation: its bytes from the one on that begins no message, as far as they came by then. */
  get unread(): Buffer {
    return this.lost;
  }

  private cut(chunk: Buffer, onFrame: (frame: Frame) => void): void {
    const end = chunk.length;
    const { frame } = this;
    let at = this.heldBytes > 0 || this.remaining > 0 ? this.resume(chunk, onFrame) : 0;
    while (end - at >= headerBytes) {
      const type = this.types[chunk[at] ?? 0];
      const length = 1 + int32(chunk, at + 1);
      if (type === undefined || length < headerBytes || length > this.maxFrame) this.refuse(chunk[at] ?? 0, length, chunk, at);
      const to = at + length;
      if (to > end) {
        this.open(type ?? '', length, chunk, at, onFrame);
        return;
      }
      onFrame(frame.set(type ?? '', length, 'whole', chunk, at, to));
      at = to;
    }
    if (at < end) this.hold(chunk, at, headerBytes);
  }

  /** @throws unless it is the length alone, of a message that is not held */
  private refuse(byte: number, length: number, chunk: Buffer, at: number): void {
    const violation = this.violation(byte, length);
    if (!violation) return;
    this.lost = Buffer.concat([this.held.subarray(0, this.heldBytes), chunk.subarray(at)]);
    this.release();
    throw violation;
  }

  private violation(byte: number, length: number): ProtocolViolation | undefined {
    const type = this.types[byte];
    if (type === undefined) return new MalformedFrame(`no message begins with byte 0x${byte.toString(16).padStart(2, '0')}`);
    if (length < headerBytes) return new MalformedFrame(`message ${type}: its length says ${length - 1} bytes`);
    return this.whole(type) ? new FrameTooLong(type, length, this.maxFrame) : undefined;
  }

  /** Begins a message that passes the end of the chunk. */
  private open(type: string, length: number, chunk: Buffer, at: number, onFrame: (frame: Frame) => void): void {
    this.openType = type;
    this.openLength = length;
    if (this.whole(type)) {
      this.hold(chunk, at, length);
      return;
    }
    this.remaining = length - (chunk.length - at);
    onFrame(this.frame.set(type, length, 'first', chunk, at, chunk.length));
  }

  /** Carries on what the last chunk ended in. Gives the place where the next message begins. */
  private resume(chunk: Buffer, onFrame: (frame: Frame) => void): number {
    if (this.remaining > 0) return this.passOn(chunk, 0, onFrame);
    if (this.openLength > 0) return this.assemble(chunk, 0, onFrame);

    const at = Math.min(headerBytes - this.heldBytes, chunk.length);
    this.hold(chunk.subarray(0, at), 0, headerBytes);
    if (this.heldBytes < headerBytes) return at;
    const header = this.held;
    const type = this.types[header[0] ?? 0];
    const length = 1 + int32(header, 1);
    if (type === undefined || length < headerBytes || length > this.maxFrame) this.refuse(header[0] ?? 0, length, chunk, at);
    if (length === headerBytes) {
      this.release();
      onFrame(this.frame.set(type ?? '', length, 'whole', header, 0, length));
      return at;
    }
    this.openType = type ?? '';
    this.openLength = length;
    if (this.whole(this.openType)) return this.assemble(chunk, at, onFrame);
    this.held = empty;
    this.heldBytes = 0;
    this.remaining = length - headerBytes;
    onFrame(this.frame.set(this.openType, length, 'first', header, 0, headerBytes));
    return this.passOn(chunk, at, onFrame);
  }

  private passOn(chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    const to = Math.min(at + this.remaining, chunk.length);
    if (to === at) return at;
    const { openType: type, openLength: length } = this;
    this.remaining -= to - at;
    if (this.remaining === 0) this.release();
    onFrame(this.frame.set(type, length, this.remaining === 0 ? 'last' : 'middle', chunk, at, to));
    return to;
  }

  private assemble(chunk: Buffer, at: number, onFrame: (frame: Frame) => void): number {
    const to = Math.min(at + this.openLength - this.heldBytes, chunk.length);
    this.hold(chunk.subarray(0, to), at, this.openLength);
    if (this.heldBytes < this.openLength) return to;
    const { held, openType: type, openLength: length } = this;
    this.release();
    onFrame(this.frame.set(type, length, 'whole', held, 0, length));
    return to;
  }

  /** Keeps a copy of what the chunk has from `at` on, in a buffer that doubles up to `whole` bytes. */
  private hold(chunk: Buffer, at: number, whole: number): void {
    const needed = this.heldBytes + chunk.length - at;
    if (needed > this.held.length) {
      const grown = Buffer.allocUnsafe(Math.min(whole, Math.max(needed * 2, headerBytes)));
      this.held.copy(grown, 0, 0, this.heldBytes);
      this.held = grown;
    }
    chunk.copy(this.held, this.heldBytes, at);
    this.heldBytes = needed;
  }

  private release(): void {
    this.held = empty;
    this.heldBytes = 0;
    this.openLength = 0;
    this.openType = '';
  }
}

class Cut implements Frame {
  type = '';
  length = 0;
  piece: Piece = 'whole';
  chunk: Buffer = empty;
  from = 0;
  to = 0;

  get bytes(): Buffer {
    return this.chunk.subarray(this.from, this.to);
  }

  set(type: string, length: number, piece: Piece, chunk: Buffer, from: number, to: number): this {
    this.type = type;
    this.length = length;
    this.piece = piece;
    this.chunk = chunk;
    this.from = from;
    this.to = to;
    return this;
  }
}

// Twice as fast as readInt32BE, which checks its range once more.
const int32 = (bytes: Buffer, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

const table = (types: string): readonly (string | undefined)[] =>
  Array.from({ length: 256 }, (_, byte) => (types.includes(String.fromCharCode(byte)) ? String.fromCharCode(byte) : undefined));

const knownTypes: Record<Direction, readonly (string | undefined)[]> = {
  frontend: table('BCcDdEFfHPpQSX'),
  backend: table('123ACcDdEGHIKNnRSsTtVvWZ'),
};
