import type { LogFailed } from '#event-log';
import { type SessionContext, withRange, wireRecorded } from './context.js';
import type { Group, Outgoing, OutFrame } from './outgoing.js';
import type { AnyDraft, Need } from './port.js';
import { type Running, runningOf } from './running.js';

/** A pipeline that never syncs must flow, in pieces of at most this. */
const groupBytes = 64 * 1024;
const groupFrames = 512;

/**
 * Gathers what one flush of the client asks for: its messages go to the server together, once all their statements are recorded. Bytes
 * of messages that decide nothing (Describe, Execute, Sync …) are accounted for by the event before them.
 */
export class Gather {
  private drafts: AnyDraft[] = [];
  private frames: OutFrame[] = [];
  private bytes = 0;
  private awaited: 'no' | Exclude<Need, 'linger'> = 'no';

  constructor(
    private readonly ctx: SessionContext,
    private readonly outgoing: Outgoing,
    private readonly failed: (group: Group, drafts: readonly AnyDraft[], error: LogFailed) => void,
    private readonly recorded: (group: Group) => void,
    private readonly sent: () => void,
  ) {}

  get isEmpty(): boolean {
    return this.frames.length === 0;
  }

  get isLarge(): boolean {
    return this.bytes >= groupBytes || this.frames.length >= groupFrames;
  }

  /** Begins the event that accounts for the message just taken, and for those after it. Call before `account`. */
  begin(draft: AnyDraft, record: 'awaited' | 'later'): void {
    this.closeRange();
    this.drafts.push(draft);
    if (record === 'later') return;
    // A rule may ask for more than the target's class.
    const asks = draft.type === 'statement.decided' && draft.data.durability !== 'buffered' ? 'disk' : this.ctx.need;
    if (this.awaited !== 'disk') this.awaited = asks;
  }

  /** Accounts for a message of the client. */
  account(type: string, bytes: Buffer): void {
    this.ctx.client.begin(type, bytes.length, bytes);
  }

  send(frame: OutFrame): void {
    this.frames.push(frame);
    this.bytes += frame.bytes.length;
  }

  /** Whether a message that runs a statement is gathered. */
  get hasStatements(): boolean {
    return this.frames.some(({ expected }) => expected !== undefined && runningOf(expected).length > 0);
  }

  /** Records what was gathered, and more, now, but keeps its messages: a human must look first. Gives what it recorded. */
  recordOnly(more: readonly AnyDraft[], settled: (error?: LogFailed) => void): readonly AnyDraft[] {
    this.closeRange();
    const drafts = [...this.takeDrafts(), ...more];
    this.awaited = 'no';
    this.ctx.port.record(drafts, 'disk', settled);
    return drafts;
  }

  /** Sends the group on its way; `then` is what happens when its turn comes. */
  flush(then: Pick<Group, 'answer' | 'sent'> = {}): void {
    if (this.frames.length === 0 && this.drafts.length === 0 && !then.answer) return;
    this.closeRange();
    const { awaited, frames } = this;
    const drafts = this.takeDrafts();
    this.frames = [];
    this.bytes = 0;
    this.awaited = 'no';
    const group: Group = { ...then, frames, ready: awaited === 'no' };
    if (awaited !== 'no')
      this.ctx.port.record(drafts, awaited, (error) => {
        if (error) this.failed(group, drafts, error);
        else this.recorded(group);
        group.ready = true;
        this.outgoing.drain();
        this.sent();
      });
    else if (drafts.length > 0) this.ctx.port.record(drafts, 'linger');
    this.outgoing.push(group);
  }

  /** Drops the messages that are not sent yet, and gives the statements that they would have run. */
  drop(): readonly Running[] {
    const dropped = this.frames.flatMap(({ expected }) => (expected ? runningOf(expected) : []));
    this.frames = [];
    this.bytes = 0;
    return dropped;
  }

  /** The open range of the client's stream goes to the event that it follows, or to one of its own. */
  private closeRange(): void {
    const { client } = this.ctx;
    if (client.isEmpty) return;
    const last = this.drafts.pop();
    const range = client.close();
    this.drafts.push(last ? withRange(last, range) : wireRecorded(range));
  }

  private takeDrafts(): AnyDraft[] {
    const { drafts } = this;
    this.drafts = [];
    return drafts;
  }
}
