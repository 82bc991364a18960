import type { PartName, WireRange, Withheld } from '#events';
import { type Accounted, StreamAccount } from './account.js';
import type { AnyDraft, Judge, Need, SessionFacts, SessionPort } from './port.js';
import { Meanings } from './resolution.js';
import type { SessionState } from './state.js';

/** How long what is accounted for may wait in memory before it goes to the log. */
export const lingerMs = 50;
/** Content that an open range holds before it is recorded in an event of its own. */
export const rangeBytes = 128 * 1024;

/** What the two directions of a session share. */
export class SessionContext {
  readonly client = new StreamAccount('c');
  readonly server = new StreamAccount('s');
  /** Bytes of results whose content was kept so far. */
  keptBytes = 0;
  readonly meanings = new Meanings();
  /** Records what was taken from the client so far: before any event that holds an answer to it. */
  recordClient: () => void = () => undefined;
  /** See Session.attempt: for what is called from outside. */
  attempt: (work: () => void) => void = (work) => {
    work();
  };
  /** The session cannot go on. */
  broken: (detail: string) => void = () => undefined;
  private lingering = false;

  constructor(
    readonly facts: SessionFacts,
    readonly port: SessionPort,
    readonly judge: Judge,
    readonly state: SessionState,
  ) {}

  statementId(n: number): string {
    return `${this.facts.id}/${n}`;
  }

  /** What a statement of this session's class waits for before it may be sent. */
  get need(): Exclude<Need, 'linger'> {
    return this.facts.durability === 'buffered' ? 'file' : 'disk';
  }

  /** Records the open range of a direction in an event of its own, where there is one. */
  recordRange(account: StreamAccount, n?: number, withheld?: ReadonlyMap<PartName, Withheld>): void {
    if (account.isEmpty) return;
    this.port.record([wireRecorded(account.close(withheld), n)], 'linger');
  }

  /** Accounts for bytes whose event could not be recorded: they are counted, and that is all that will be known of them. */
  recordLost(ranges: readonly WireRange[]): void {
    if (ranges.length === 0) return;
    const wire = ranges.map((range) => ({ ...range, lost: 'log' as const }));
    this.port.record([{ type: 'wire.recorded', data: {}, wire }], 'linger');
  }

  /** Sees to it that what is accounted for now is recorded soon, whatever happens or does not. */
  linger(): void {
    if (this.lingering) return;
    this.lingering = true;
    this.port.arm('linger', lingerMs);
  }

  lingered(): void {
    this.lingering = false;
  }
}

export function wireRecorded({ wire, parts }: Accounted, n?: number): AnyDraft {
  return { type: 'wire.recorded', data: n === undefined ? {} : { n }, wire: [wire], parts };
}

/** The event with this range added to what it accounts for. */
export function withRange<D extends AnyDraft>(draft: D, { wire, parts }: Accounted): D {
  return {
    type: draft.type,
    data: draft.data,
    wire: draft.wire ? [...draft.wire, wire] : [wire],
    parts: draft.parts ? [...draft.parts, ...parts] : parts,
  } as unknown as D;
}
