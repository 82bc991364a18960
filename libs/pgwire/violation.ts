/** What a peer sent breaks the protocol. SQLSTATE 08P01 (protocol_violation). */
export abstract class ProtocolViolation extends Error {
  readonly sqlstate = '08P01';
}

/** Bytes that begin no frame, or a frame that is not what its type says. Thrown by the framer: the place in the stream is lost. */
export class MalformedFrame extends ProtocolViolation {
  override readonly name: string = 'MalformedFrame';
}

/** The body of a frame is not what its type says. Thrown by decoders: the next frame is where it should be. */
export class MalformedMessage extends MalformedFrame {
  override readonly name = 'MalformedMessage';
  constructor(
    /** The frame's type byte, as one character. */
    readonly type: string,
    readonly reason: string,
  ) {
    super(`message ${JSON.stringify(type)}: ${reason}`);
  }
}

/** A frame that must be held whole announced more bytes than the framer holds. None of them was taken. */
export class FrameTooLong extends ProtocolViolation {
  override readonly name = 'FrameTooLong';
  constructor(
    readonly type: string,
    readonly length: number,
    readonly maxFrame: number,
  ) {
    super(`message ${JSON.stringify(type)} of ${length} bytes: at most ${maxFrame} are accepted`);
  }
}

/** A message that is whole, but has no place where it came. */
export class UnexpectedMessage extends ProtocolViolation {
  override readonly name = 'UnexpectedMessage';
  constructor(readonly type: string) {
    super(`message ${JSON.stringify(type)} has no place here`);
  }
}

/** The first packet of a connection is none that Postgres knows. */
export class MalformedStartup extends ProtocolViolation {
  override readonly name = 'MalformedStartup';
}
