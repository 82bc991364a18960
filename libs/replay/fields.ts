import type { Text } from '#events';

/** Reads the fields of one frame in order, from after its length word. Reading past the end throws `Truncated`. */
export class Fields {
  private at = 5;
  constructor(private readonly frame: Uint8Array) {}

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  int16(): number {
    const [high = 0, low = 0] = this.bytes(2);
    return (((high << 8) | low) << 16) >> 16;
  }

  int32(): number {
    return (this.int16() << 16) | (this.int16() & 0xffff);
  }

  /** Up to the next NUL. */
  cstring(): Uint8Array {
    const end = this.frame.indexOf(0, this.at);
    if (end < 0) throw new Truncated();
    const value = this.frame.subarray(this.at, end);
    this.at = end + 1;
    return value;
  }

  bytes(length: number): Uint8Array {
    if (length < 0 || this.at + length > this.frame.length) throw new Truncated();
    this.at += length;
    return this.frame.subarray(this.at - length, this.at);
  }

  /** As many as an int16 says. */
  list<T>(read: (fields: Fields) => T): T[] {
    return Array.from({ length: Math.max(0, this.int16()) }, () => read(this));
  }
}

/** A frame ends before its fields do. */
export class Truncated extends Error {
  override readonly name = 'Truncated';
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text as it was: bytes that are no UTF-8 stay bytes. */
export function textOf(bytes: Uint8Array): Text {
  try {
    return strict.decode(bytes);
  } catch {
    return { b64: Buffer.from(bytes).toString('base64') };
  }
}

/** The name of a prepared statement or portal. No recorded name is other than UTF-8; one that is stays told apart. */
export function nameOf(bytes: Uint8Array): string {
  const text = textOf(bytes);
  return typeof text === 'string' ? text : `\\x${Buffer.from(bytes).toString('hex')}`;
}
