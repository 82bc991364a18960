import {
  commitment,
  eventId,
  MessageRuns,
  parseRuns,
  type Event,
  type Part,
  type PartName,
  type PartRecord,
  type WireRange,
} from '#events';
import { messagesOf, type Dir, type Message } from './messages.js';
import type { TappedSession } from './tapped-session.js';

/**
 * Compares a session's events with what a tap saw of it: every byte of both streams is accounted for once, by ranges that list the
 * messages which are there, and the bytes of every part, put back in their place, are those that passed. Of withheld parts the
 * length and the commitment are compared, of ranges that the log lost the length alone.
 *
 * @param events all of the session, in the order of their seq
 * @param parts their part records, in any order
 * @returns one line for each discrepancy; none when the session is accounted for
 */
export function expectAccounted(session: TappedSession, events: readonly Event[], parts: readonly PartRecord[]): string[] {
  const streams: Streams = {
    c: { bytes: session.client, messages: messagesOf('c', session.client) },
    s: { bytes: session.server, messages: messagesOf('s', session.server) },
  };
  const records = grouped(parts);
  return [
    ...sequence(events),
    ...(['c', 's'] as const).flatMap((dir) => coverage(dir, streams[dir], events)),
    ...events.flatMap((event) => content(event, streams, records)),
    ...orphans(events, records),
  ];
}

interface Stream {
  readonly bytes: Buffer;
  readonly messages: readonly Message[];
}
type Streams = Readonly<Record<Dir, Stream>>;
type Records = ReadonlyMap<string, readonly PartRecord[]>;

function grouped(parts: readonly PartRecord[]): Records {
  const records = new Map<string, PartRecord[]>();
  for (const record of parts) {
    const key = `${eventId(record.header)} ${record.header.name}`;
    const found = records.get(key);
    if (found) found.push(record);
    else records.set(key, [record]);
  }
  return records;
}

const name = (event: Event): string => `seq ${event.seq} (${event.type})`;

function sequence(events: readonly Event[]): string[] {
  return events.flatMap((event, i) => {
    const before = events[i - 1];
    return before && event.seq !== before.seq + 1 ? [`${name(event)}: follows seq ${before.seq}`] : [];
  });
}

/** Each byte of a stream by exactly one range, and the count that session.closed gives. */
function coverage(dir: Dir, stream: Stream, events: readonly Event[]): string[] {
  const found: string[] = [];
  const ranges = events
    .flatMap((event) => (event.wire ?? []).filter((range) => range.dir === dir).map((range) => ({ event, range })))
    .sort((a, b) => a.range.from - b.range.from || a.range.to - b.range.to);
  let next = 0;
  for (const { event, range } of ranges) {
    const at = `${name(event)}: ${dir} [${range.from}, ${range.to})`;
    if (range.to <= range.from) found.push(`${at}: holds no byte`);
    if (range.from > next) found.push(`${at}: no range accounts for ${dir} [${next}, ${range.from})`);
    if (range.from < next) found.push(`${at}: ${dir} [${range.from}, ${Math.min(next, range.to)}) was accounted for before`);
    if (range.to > stream.bytes.length) found.push(`${at}: the tap saw ${stream.bytes.length} bytes`);
    if (range.lost === undefined || range.msgs !== '') found.push(...listing(range, stream).map((text) => `${at}: ${text}`));
    next = Math.max(next, range.to);
  }
  const closed = events.find((event) => event.type === 'session.closed')?.data;
  const counted = closed && (dir === 'c' ? closed.client : closed.server);
  if (counted !== undefined && counted !== next)
    found.push(`session.closed: ${counted} bytes of ${dir}, its ranges hold ${next}`);
  // Recovery does not know what the last moments of a crashed proxy held, and says so.
  const isCut = closed?.tail === 'unknown';
  // A client that hears that its session is over may be in the middle of a word, which is read away.
  const isOver = dir === 'c' && closed !== undefined && endedByProxy.has(closed.reason);
  if (next < stream.bytes.length && !isCut && !isOver)
    found.push(`no range accounts for ${dir} [${next}, ${stream.bytes.length})`);
  return found;
}

const endedByProxy: ReadonlySet<string> = new Set([
  ...['server-gone', 'limit', 'protocol-error', 'setting', 'shutdown'],
  ...['token-expired', 'token-revoked'],
]);

/** The messages that a range lists are those that are there. */
function listing(range: WireRange, { messages }: Stream): string[] {
  let listed: string;
  try {
    listed = joined(parseRuns(range.msgs).map(({ type, length, count }) => [type, length, count]));
  } catch (cause) {
    return [String(cause)];
  }
  const there = overlapping(messages, range).map(({ type, from, to, length }): [string, number, number] =>
    from < range.from ? ['+', Math.min(to, range.to) - range.from, 1] : [type, length, 1],
  );
  const expected = joined(there);
  return listed === expected ? [] : [`lists ${JSON.stringify(listed)}, the stream has ${JSON.stringify(expected)}`];
}

/** Runs as text, equal neighbours made one. */
function joined(runs: readonly (readonly [type: string, length: number, count: number])[]): string {
  const text = new MessageRuns();
  for (const [type, length, count] of runs) for (let i = 0; i < count; i++) text.add(type, length);
  return text.toString();
}

const streamKinds: ReadonlySet<PartName> = new Set<PartName>(['sql', 'params', 'copy', 'rows', 'wire']);

/** The parts of an event: one for each kind of bytes that its ranges hold, and those bytes. */
function content(event: Event, streams: Streams, records: Records): string[] {
  const slices = slicesOf(event, streams);
  const parts = new Map((event.parts ?? []).map((part) => [part.name, part]));
  const missing = [...slices.keys()].filter((kind) => !parts.has(kind)).map((kind) => `${name(event)}: has no part ${kind}`);
  const wrong = [...parts.values()].flatMap((part) => {
    const of = records.get(`${eventId(event)} ${part.name}`) ?? [];
    const expected = streamKinds.has(part.name) ? Buffer.concat(slices.get(part.name) ?? []) : undefined;
    if (expected?.length === 0) return [`${name(event)}: part ${part.name}: its ranges hold no such byte`];
    return compare(part, of, expected).map((text) => `${name(event)}: part ${part.name}: ${text}`);
  });
  return [...missing, ...wrong];
}

function slicesOf(event: Event, streams: Streams): Map<PartName, Buffer[]> {
  const slices = new Map<PartName, Buffer[]>();
  for (const range of event.wire ?? []) {
    if (range.lost !== undefined) continue;
    const { bytes, messages } = streams[range.dir];
    for (const { kind, from, to } of overlapping(messages, range)) {
      const slice = bytes.subarray(Math.max(from, range.from), Math.min(to, range.to));
      const found = slices.get(kind);
      if (found) found.push(slice);
      else slices.set(kind, [slice]);
    }
  }
  return slices;
}

/** @param expected the bytes that passed; undefined for a part that is no slice of a stream */
function compare(part: Part, records: readonly PartRecord[], expected: Buffer | undefined): string[] {
  const sorted = records.toSorted((a, b) => a.header.i - b.header.i);
  const [first] = sorted;
  if (!first) return ['has no record'];
  const numbers = sorted.map(({ header: { i, n } }) => `${i}/${n}`).join(' ');
  const wanted = part.withheld === undefined ? sorted.map((_, i) => `${i}/${sorted.length}`).join(' ') : '0/0';
  if (numbers !== wanted) return [`its records are ${numbers}, not ${wanted}`];
  if (sorted.some(({ salt }) => !salt.equals(first.salt))) return ['its records differ in their salt'];

  const kept = part.withheld === undefined ? Buffer.concat(sorted.map(({ bytes }) => bytes)) : undefined;
  const bytes = kept ?? expected;
  if (!bytes) return []; // withheld, and nobody else has seen it
  const found: string[] = [];
  if (expected && part.len !== expected.length) found.push(`says ${part.len} bytes, ${expected.length} passed`);
  if (kept && part.len !== kept.length) found.push(`says ${part.len} bytes, its records hold ${kept.length}`);
  if (kept && expected && !kept.equals(expected))
    found.push(`differs from what passed at its byte ${firstDifference(kept, expected)}`);
  if (commitment(first.salt, [bytes]).toString('base64') !== part.commit) found.push('its commitment is to other bytes');
  return found;
}

function firstDifference(a: Buffer, b: Buffer): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? a.length : at;
}

/** Part records that belong to no part of these events. */
function orphans(events: readonly Event[], records: Records): string[] {
  const known = new Set(events.flatMap((event) => (event.parts ?? []).map((part) => `${eventId(event)} ${part.name}`)));
  return [...records.keys()].filter((key) => !known.has(key)).map((key) => `part record ${key}: no event has such a part`);
}

/** The messages that have a byte in the range, by bisection: there may be millions. */
function overlapping(
  messages: readonly Message[],
  { from, to }: { readonly from: number; readonly to: number },
): readonly Message[] {
  const firstThat = (holds: (message: Message) => boolean): number => {
    let low = 0;
    let high = messages.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (holds(messages[middle] as Message)) high = middle;
      else low = middle + 1;
    }
    return low;
  };
  return messages.slice(
    firstThat((message) => message.to > from),
    firstThat((message) => message.from >= to),
  );
}
