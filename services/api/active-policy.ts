import type { StoredRecord } from '#event-log';
import { decodePartRecord, type Event, type PartRecord, topics } from '#events';
import { compile, type Policy } from '#policy';
import type { LogFold } from './log/follower.js';

export interface ActivatedPolicy {
  readonly hash: string;
  /** Unix milliseconds. */
  readonly activatedAt: number;
  readonly file: string;
  readonly source: string | null;
}

/** The policy that was activated last, folded from the log. */
export class ActivePolicy implements LogFold {
  latest: ActivatedPolicy | undefined;
  /** The chunks that came last: they precede the event that they belong to. */
  private chunks: PartRecord[] = [];

  private ready: Policy | undefined;

  /** It, ready to be asked; undefined where the log does not hold it, or this version does not read it. */
  get compiled(): Policy | undefined {
    const { latest } = this;
    if (!latest || latest.source === null) return undefined;
    if (this.ready?.hash !== latest.hash) {
      const compiled = compile(latest.source, latest.file);
      this.ready = 'policy' in compiled ? compiled.policy : undefined;
    }
    return this.ready;
  }

  take(record: StoredRecord, event: Event | undefined): void {
    if (record.topic === topics.parts) this.keep(record);
    if (event?.type !== 'policy.activated') return;
    const chunks = this.chunks.filter(({ header }) => header.producer === event.producer && header.pseq === event.pseq);
    const isWhole = chunks.length > 0 && chunks.length === chunks[0]?.header.n;
    this.latest = {
      hash: event.data.hash,
      activatedAt: event.at,
      file: event.data.source,
      source: isWhole ? Buffer.concat(chunks.map(({ bytes }) => bytes)).toString('utf8') : null,
    };
    this.chunks = [];
  }

  private keep({ value }: StoredRecord): void {
    // Nearly every part is of a session, and not worth more than a look at its header.
    if (!value.subarray(0, 256).includes('"name":"policy"')) return;
    const { header, salt, bytes } = decodePartRecord(value);
    if (header.name !== 'policy') return;
    if (header.i === 0) this.chunks = [];
    this.chunks.push({ header, salt, bytes: Buffer.from(bytes) });
  }
}
