import { MessageRuns, type PartName, type WireRange, type Withheld } from '#events';
import { appendStretch } from './span.js';

/** The slice of a stream that a message belongs to; each kind can be kept, erased or withheld by itself. */
export function kindOf(dir: 'c' | 's', type: string): PartName {
  if (type === 'd') return 'copy';
  if (dir === 's') return type === 'D' ? 'rows' : 'wire';
  if (type === 'Q' || type === 'P') return 'sql';
  return type === 'B' ? 'params' : 'wire';
}

export interface AccountedPart {
  readonly name: PartName;
  readonly bytes: Buffer[];
  readonly withheld?: Withheld;
}

/** A closed stretch of a stream with the content that goes with it. */
export interface Accounted {
  readonly wire: WireRange;
  readonly parts: readonly AccountedPart[];
}

/**
 * Accounts for one direction of a session: every byte goes into exactly one range. The caller closes a range when the event that
 * it belongs to is complete; what follows opens the next.
 */
export class StreamAccount {
  /** The offset behind the last byte accounted for. */
  at = 0;
  private from = 0;
  private runs = new MessageRuns();
  /** Bytes at the start of the open range of a message that began before it. */
  private carried = 0;
  private slices = new Map<PartName, Buffer[]>();
  private readonly hidden = new Map<PartName, Withheld>();
  private content = 0;

  constructor(readonly dir: 'c' | 's') {}

  /** A frame, or the first piece of one: `length` is the whole frame's, `bytes` what there is of it so far. */
  begin(type: string, length: number, bytes: Buffer): void {
    this.runs.add(type, length);
    this.take(kindOf(this.dir, type), bytes);
  }

  /** A later piece of a frame. */
  carryOn(type: string, bytes: Buffer): void {
    if (this.runs.isEmpty) this.carried += bytes.length;
    this.take(kindOf(this.dir, type), bytes);
  }

  /** Keeps nothing of this kind of message in the open range but its length and commitment. */
  withhold(type: string, why: Withheld): void {
    this.hidden.set(kindOf(this.dir, type), why);
  }

  get isEmpty(): boolean {
    return this.at === this.from;
  }

  /** Bytes of content that the open range holds in memory. */
  get size(): number {
    return this.content + this.runs.size;
  }

  /** Closes the open range. Kinds in `withheld` keep their length and commitment only. */
  close(withheld?: ReadonlyMap<PartName, Withheld>): Accounted {
    const carry = this.carried > 0 ? `+${this.carried}` : '';
    const runs = this.runs.toString();
    const msgs = carry !== '' && runs !== '' ? `${carry} ${runs}` : carry + runs;
    const parts = [...this.slices].map(([name, bytes]) => {
      const why = withheld?.get(name) ?? this.hidden.get(name);
      return why === undefined ? { name, bytes } : { name, bytes, withheld: why };
    });
    const wire: WireRange = { dir: this.dir, from: this.from, msgs, to: this.at };
    this.from = this.at;
    this.runs = new MessageRuns();
    this.carried = 0;
    this.slices = new Map();
    this.hidden.clear();
    this.content = 0;
    return { wire, parts };
  }

  private take(kind: PartName, bytes: Buffer): void {
    this.at += bytes.length;
    this.content += bytes.length;
    const slice = this.slices.get(kind);
    if (slice) appendStretch(slice, bytes);
    else this.slices.set(kind, [bytes]);
  }
}
