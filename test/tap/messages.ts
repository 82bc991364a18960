import type { PartName } from '#events';

/** `c`: what the client says; `s`: what the server says. */
export type Dir = 'c' | 's';

/** One message of a stream, at [from, to) of its bytes. */
export interface Message {
  readonly type: string;
  readonly from: number;
  /** The end of the message, or of the stream where that comes first. */
  readonly to: number;
  /** Of the whole frame, as its header says it. */
  readonly length: number;
  /** The kind of part that its bytes belong to. */
  readonly kind: PartName;
}

/**
 * Cuts a whole stream into its messages, by four lines of its own: the accounts that are checked against them were made with the
 * framer. A stream that ends within a header ends with a message of as many bytes as are there. One that goes on with bytes that
 * begin no message ends with `?` and these.
 */
export function messagesOf(dir: Dir, bytes: Buffer): Message[] {
  const messages: Message[] = [];
  for (let from = 0; from < bytes.length;) {
    const first = bytes.toString('latin1', from, from + 1);
    const announced = from + 5 <= bytes.length ? bytes.readInt32BE(from + 1) + 1 : undefined;
    const begins = announced === undefined || (types[dir].includes(first) && announced >= 5 && announced <= longest);
    const [type, length] = begins ? [first, announced ?? bytes.length - from] : ['?', bytes.length - from];
    const to = Math.min(from + length, bytes.length);
    messages.push({ type, from, to, length, kind: kindOf(dir, type) });
    from = to;
  }
  return messages;
}

const types = { c: 'BCcDdEFfHPpQSX', s: '123ACcDdEGHIKNnRSsTtVvWZ' };
/** The longest message that a proxy takes, unless it is told otherwise. */
const longest = 64 * 1024 * 1024;

function kindOf(dir: Dir, type: string): PartName {
  if (type === 'd') return 'copy';
  if (dir === 's') return type === 'D' ? 'rows' : 'wire';
  if (type === 'Q' || type === 'P') return 'sql';
  return type === 'B' ? 'params' : 'wire';
}
