import type { LogRecord } from '#event-log';
import { commitment, decodePartRecord, type Event, eventId, type Part, type PartHeader, type PartRecord } from '#events';
import { decodeParse, decodeQuery, MalformedMessage } from '#pgwire';
import { absent, endsSession, type SqlText } from '#siem';

/** What came of a part so far. */
interface Gathered {
  readonly salt: Buffer;
  readonly chunks: (Buffer | undefined)[];
  readonly bytes: number;
}

export interface SqlPartsOptions {
  /** What may wait in memory for its event. Beyond it the oldest goes, and its event is told that there is no text. Default 64 MiB. */
  readonly maxBytes?: number;
}

/**
 * Brings `sql` parts and their events together. In the embedded log a part comes before its event; in Kafka it is another topic, so
 * either may be first.
 */
export class SqlParts {
  private readonly gathered = new Map<string, Gathered>();
  /** The event that the last part of each session belongs to: parts of a session come in the order of its events. */
  private readonly latest = new Map<string, PartHeader>();
  private readonly maxBytes: number;
  private bytes = 0;

  constructor({ maxBytes = 64 * 1024 * 1024 }: SqlPartsOptions = {}) {
    this.maxBytes = maxBytes;
  }

  /** Half of what may wait here does. */
  get areMany(): boolean {
    return this.bytes > this.maxBytes / 2;
  }

  /** Takes a part record. @throws MalformedPart */
  take({ key, value }: Pick<LogRecord, 'key' | 'value'>): void {
    const { header, salt, bytes } = decodePartRecord(value);
    const latest = this.latest.get(key);
    if (latest?.producer !== header.producer || latest.pseq < header.pseq) this.latest.set(key, header);
    if (header.name !== 'sql' || header.n === 0) return;
    const id = eventId(header);
    const before = this.gathered.get(id) ?? { salt: Buffer.from(salt), chunks: new Array<undefined>(header.n), bytes: 0 };
    if (before.chunks[header.i]) return; // delivered again
    before.chunks[header.i] = Buffer.from(bytes);
    this.gathered.set(id, { ...before, bytes: before.bytes + bytes.length });
    this.bytes += bytes.length;
    for (const [oldest] of this.gathered) {
      if (this.bytes <= this.maxBytes || oldest === id) break;
      this.forget(oldest);
    }
  }

  /** The text that an event brings; nothing if it brings none, `awaited` while its part may still come. */
  find(event: Event): SqlText | 'awaited' | undefined {
    const type = messageOf(event);
    const part = type && event.parts?.find(({ name }) => name === 'sql');
    if (!part) return undefined;
    if (part.withheld) return absent('withheld');
    const { salt, chunks = [] } = this.gathered.get(eventId(event)) ?? {};
    const whole = chunks.filter((chunk) => chunk !== undefined);
    if (salt && whole.length === chunks.length) return textOf(part, salt, whole, type);
    return this.isPast(event) ? absent('missing') : 'awaited';
  }

  /** The event is done with. */
  release(event: Event): void {
    this.forget(eventId(event));
    if (endsSession(event)) this.latest.delete(event.session);
  }

  private isPast({ session, producer, pseq }: Event): boolean {
    const latest = this.latest.get(session);
    return latest?.producer === producer && latest.pseq > pseq;
  }

  private forget(id: string): void {
    this.bytes -= this.gathered.get(id)?.bytes ?? 0;
    this.gathered.delete(id);
  }
}

/** The message that holds the text of the statement that an event is about. A part may go on with others, which were dropped. */
function messageOf(event: Event): 'Q' | 'P' | undefined {
  if (event.type === 'statement.prepared') return 'P';
  if (event.type !== 'statement.decided') return undefined;
  const { form } = event.data;
  return form === 'query' ? 'Q' : form === 'parse' ? 'P' : undefined;
}

function textOf({ commit }: Part, salt: PartRecord['salt'], chunks: readonly Buffer[], type: 'Q' | 'P'): SqlText {
  if (commitment(salt, chunks).toString('base64') !== commit) return absent('unreadable');
  const bytes = Buffer.concat(chunks);
  const end = bytes.length < 5 ? Infinity : 1 + bytes.readInt32BE(1);
  if (bytes[0] !== type.charCodeAt(0) || end > bytes.length) return absent('unreadable');
  const frame = bytes.subarray(0, end);
  try {
    return { kind: 'sql', sql: (type === 'Q' ? decodeQuery(frame) : decodeParse(frame)).sql };
  } catch (error) {
    if (error instanceof MalformedMessage) return absent('unreadable');
    throw error;
  }
}
