import {
  decodePartRecord,
  type Event,
  isCanonical,
  MalformedEvent,
  MalformedPart,
  parseEvent,
  type PartRecord,
  UnknownEvent,
} from '#events';

/** What a record says, or why this code cannot read it. */
export type Decoded<T> = { readonly value: T } | { readonly problem: string };

export function decodeEvent(bytes: Buffer): Decoded<Event> {
  try {
    const value = parseEvent(bytes);
    return isCanonical(bytes) ? { value } : { problem: 'not in canonical form' };
  } catch (error) {
    if (error instanceof MalformedEvent || error instanceof UnknownEvent) return { problem: error.message };
    throw error;
  }
}

export function decodePart(bytes: Buffer): Decoded<PartRecord> {
  try {
    return { value: decodePartRecord(bytes) };
  } catch (error) {
    if (error instanceof MalformedPart) return { problem: error.message };
    throw error;
  }
}
