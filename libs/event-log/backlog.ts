import type { Draft } from './draft.js';
import { joinLost, lostStream, withoutFacts, withoutParts } from './lost.js';
import type { Reach } from './port.js';
import { seal, type Sealed } from './seal.js';

/** What a draft waits for: a reach, or nothing at all. */
export type Need = Reach | 'linger';
export type Settled = (error?: Error) => void;

/** Drafts that were added together. */
export interface Entry {
  readonly need: Need;
  readonly events: readonly Sealed[];
  readonly at: number;
  readonly bytes: number;
  readonly settled: Settled | undefined;
}

interface BacklogOptions {
  readonly producer: string;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly maxBytes: number;
}

/** One commit carries about so much at most. */
const commitBytes = 4 * 1024 * 1024;
/** What an entry costs beside its events. */
const entryBytes = 128;

/** What waits to be committed, in order. */
export class Backlog {
  /** Given up to a failing log: parts, accounts of lost bytes that became one with another, facts. */
  readonly lost = { parts: 0, joined: 0, facts: 0 };
  bytes = 0;
  private entries: Entry[] = [];
  private awaited = 0;
  private at = 0;
  private shrunkTo = 0;

  constructor(private readonly options: BacklogOptions) {}

  get isEmpty(): boolean {
    return this.entries.length === 0;
  }

  /** Whether someone waits for any of it. */
  get isAwaited(): boolean {
    return this.awaited > 0;
  }

  get isFull(): boolean {
    return this.bytes >= this.options.maxBytes;
  }

  add(drafts: readonly Draft[], need: Need, settled: Settled | undefined): void {
    // A clock that is set back does not set back the record.
    this.at = Math.max(this.at, this.options.now());
    this.push(this.entry(drafts, { need, at: this.at, settled }));
  }

  /** The oldest entries, of about 4 MiB together, at least one. */
  take(): Entry[] {
    let bytes = 0;
    let n = 0;
    for (const entry of this.entries) {
      if (n > 0 && bytes + entry.bytes > commitBytes) break;
      bytes += entry.bytes;
      n++;
    }
    const taken = n === this.entries.length ? this.entries : this.entries.slice(0, n);
    this.entries = n === this.entries.length ? [] : this.entries.slice(n);
    for (const entry of taken) this.count(entry, -1);
    return taken;
  }

  /** Puts entries that were taken, and nobody waits for, back before all others, without their parts. */
  putBack(entries: readonly Entry[]): void {
    const lost = entries.flatMap((entry) => this.rewritten(entry, withoutParts));
    this.replace([...lost, ...this.entries]);
  }

  /** While the log fails: keeps what lingers within the bound, first without parts, then without facts. */
  shrink(): void {
    // What did not get smaller the last time is not gone through again for each draft.
    if (this.bytes < this.shrunkTo * 1.25) return;
    for (const change of [withoutParts, withoutFacts])
      if (this.isFull)
        this.replace(this.entries.flatMap((entry) => (entry.need === 'linger' ? this.rewritten(entry, change) : entry)));
    this.shrunkTo = this.isFull ? this.bytes : 0;
  }

  /** An entry with less in it, one for each draft that remains. */
  private rewritten(entry: Entry, change: (draft: Draft) => Draft[]): Entry[] {
    const drafts = entry.events.flatMap(({ draft }) => {
      const changed = change(draft);
      this.lost.parts += draft.parts?.length ?? 0;
      if (changed.every(({ type }) => type !== draft.type)) this.lost.facts++;
      return changed;
    });
    const entries = drafts.map((draft) => this.entry([draft], { ...entry, settled: undefined }));
    if (entry.settled) entries.push(this.entry([], entry));
    return entries;
  }

  /** Sets the entries anew, and makes one of adjacent accounts of lost bytes. */
  private replace(entries: readonly Entry[]): void {
    const kept: Entry[] = [];
    const open = new Map<string, number>();
    for (const entry of entries) {
      const [event] = entry.events;
      const stream = event && entry.events.length === 1 && entry.need === 'linger' ? lostStream(event.draft) : undefined;
      const at = stream === undefined ? undefined : open.get(stream);
      const earlier = at === undefined ? undefined : kept[at];
      const joined = event && earlier?.events[0] && joinLost(earlier.events[0].draft, event.draft);
      if (joined && at !== undefined) {
        kept[at] = this.entry([joined], earlier);
        this.lost.joined++;
      } else {
        if (stream !== undefined) open.set(stream, kept.length);
        kept.push(entry);
      }
    }
    this.entries = [];
    this.bytes = this.awaited = 0;
    for (const entry of kept) this.push(entry);
  }

  private entry(drafts: readonly Draft[], { need, at, settled }: Pick<Entry, 'need' | 'at' | 'settled'>): Entry {
    const { producer, random } = this.options;
    const events = drafts.map((draft) => seal(draft, producer, at, random));
    return { need, events, at, settled, bytes: events.reduce((sum, event) => sum + event.bytes, entryBytes) };
  }

  private push(entry: Entry): void {
    this.entries.push(entry);
    this.count(entry, 1);
  }

  private count({ bytes, need }: Entry, times: 1 | -1): void {
    this.bytes += times * bytes;
    if (need !== 'linger') this.awaited += times;
  }
}
