import { type Event, parseRuns, type PartName, type WireRange, type Withheld } from '#events';

export type Direction = WireRange['dir'];

/** The bytes of an event's parts, as far as they were kept. */
export type PartBytes = ReadonlyMap<PartName, Uint8Array>;

/** An event and what travelled beside it. */
export interface Recorded {
  readonly event: Event;
  readonly parts: PartBytes;
}

/** Why content is not there: withheld when it was recorded, erased since, or never written because the log was broken. */
export interface Absent {
  readonly why: Withheld | 'erased' | 'log';
  /** The commitment of the part that it belongs to, in base64; none where the log was broken. */
  readonly commit: string | null;
}

/** One message of a session's two streams, whole: listed where its last byte was recorded. */
export interface Message {
  readonly dir: Direction;
  /** Its letter in the protocol. */
  readonly type: string;
  /** Of the whole frame, type byte and length word included. */
  readonly length: number;
  /** How many such messages: more than one only for rows and COPY data whose content is absent. */
  readonly count: number;
  readonly frame: Uint8Array | Absent;
}

/** A message of which more bytes are to come. */
export interface OpenMessage {
  readonly type: string;
  readonly length: number;
  readonly have: number;
  /** What is there of it, in base64. */
  readonly pieces: readonly string[];
  readonly absent: Absent | null;
}

/** The message that each stream is in the middle of. */
export type OpenMessages = Readonly<Record<Direction, OpenMessage | null>>;

/** Events and parts of a session contradict each other: a defect of whoever wrote them, or of the copy. */
export class MalformedRecording extends Error {
  override readonly name = 'MalformedRecording';
  constructor(
    readonly seq: number,
    why: string,
  ) {
    super(`event ${seq} of the session: ${why}`);
  }
}

/**
 * Cuts the messages out of an event: each takes its bytes from the part of its kind, ranges and messages in order.
 * @param open what the events before left unfinished
 * @throws MalformedRecording when ranges, runs and parts do not add up
 */
export function readMessages(open: OpenMessages, recorded: Recorded): { messages: Message[]; open: OpenMessages } {
  const slices = new Slices(recorded);
  const next = { ...open };
  const messages: Message[] = [];
  for (const range of recorded.event.wire ?? []) {
    next[range.dir] = readRange(next[range.dir], range, slices, messages);
  }
  slices.end();
  return { messages, open: next };
}

/** Which part holds a message's bytes. */
export function partOf(dir: Direction, type: string): PartName {
  if (type === 'd') return 'copy';
  if (dir === 's') return type === 'D' ? 'rows' : 'wire';
  if (type === 'Q' || type === 'P') return 'sql';
  return type === 'B' ? 'params' : 'wire';
}

function readRange(begun: OpenMessage | null, range: WireRange, slices: Slices, into: Message[]): OpenMessage | null {
  const { dir } = range;
  const lost = range.lost !== undefined;
  let open = begun;
  let left = range.to - range.from;
  for (const run of parseRuns(range.msgs)) {
    if ((run.type === '+') !== (open !== null)) throw slices.malformed(`${range.msgs} does not go on where its stream was`);
    if (run.length * (run.count - 1) >= left) throw slices.malformed(`${range.msgs} begins a message beyond its range`);
    const type = open?.type ?? run.type;
    const kind = partOf(dir, type);
    // A result of a million rows that were not kept is one run, and stays one.
    if (run.count > 1 && (kind === 'rows' || kind === 'copy') && run.length * run.count <= left) {
      const frame = slices.peek(kind, lost);
      if (!(frame instanceof Uint8Array)) {
        slices.take(kind, run.length * run.count, lost);
        left -= run.length * run.count;
        into.push({ dir, type, length: run.length, count: run.count, frame });
        continue;
      }
    }
    for (let i = 0; i < run.count; i++) {
      const taken = Math.min(run.length, left);
      left -= taken;
      const piece = slices.take(kind, taken, lost);
      if (open === null && taken === run.length) {
        into.push({ dir, type, length: run.length, count: 1, frame: piece });
        continue;
      }
      const whole: OpenMessage = extend(open ?? { type, length: run.length, have: 0, pieces: [], absent: null }, taken, piece);
      if (whole.have > whole.length) throw slices.malformed(`a message of ${whole.length} bytes has ${whole.have}`);
      open = whole.have < whole.length ? whole : null;
      if (open === null) into.push({ dir, type, length: whole.length, count: 1, frame: whole.absent ?? joined(whole) });
    }
  }
  if (left > 0) throw slices.malformed(`${range.msgs} leaves ${left} bytes of its range unaccounted for`);
  return open;
}

function extend(open: OpenMessage, taken: number, piece: Uint8Array | Absent): OpenMessage {
  const have = open.have + taken;
  if (!(piece instanceof Uint8Array)) return { ...open, have, pieces: [], absent: piece };
  return open.absent ? { ...open, have } : { ...open, have, pieces: [...open.pieces, Buffer.from(piece).toString('base64')] };
}

const joined = (open: OpenMessage): Uint8Array => Buffer.concat(open.pieces.map((piece) => Buffer.from(piece, 'base64')));

const sliced: readonly PartName[] = ['sql', 'params', 'copy', 'rows', 'wire'];

/** The parts of one event, each read from its start to its end. */
class Slices {
  private readonly taken = new Map<PartName, number>();

  constructor(private readonly recorded: Recorded) {}

  /** What `take` would read from, without moving. */
  peek(kind: PartName, lost: boolean): Uint8Array | Absent {
    if (lost) return { why: 'log', commit: null };
    const part = this.recorded.event.parts?.find(({ name }) => name === kind);
    if (!part) throw this.malformed(`it has no part ${kind}, but messages of that kind`);
    const bytes = this.recorded.parts.get(kind);
    if (part.withheld !== undefined) return { why: part.withheld, commit: part.commit };
    if (bytes === undefined) return { why: 'erased', commit: part.commit };
    if (bytes.length !== part.len)
      throw this.malformed(`its part ${kind} has ${bytes.length} bytes where ${part.len} were recorded`);
    return bytes;
  }

  take(kind: PartName, length: number, lost: boolean): Uint8Array | Absent {
    const from = this.peek(kind, lost);
    if (lost) return from;
    const at = this.taken.get(kind) ?? 0;
    this.taken.set(kind, at + length);
    return from instanceof Uint8Array ? from.subarray(at, at + length) : from;
  }

  end(): void {
    for (const { name, len } of this.recorded.event.parts ?? []) {
      const taken = this.taken.get(name) ?? 0;
      if (sliced.includes(name) && taken !== len)
        throw this.malformed(`its ranges take ${taken} bytes of its part ${name} of ${len}`);
    }
  }

  malformed(why: string): MalformedRecording {
    return new MalformedRecording(this.recorded.event.seq, why);
  }
}
