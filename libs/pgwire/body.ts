import { isUtf8 } from 'node:buffer';
import { MalformedMessage } from './violation.js';

/** Reads the body of a whole frame strictly: every byte is read, none twice. */
export class Body {
  private at = 5;

  /** @throws MalformedMessage unless the frame is whole and of one of these types */
  constructor(
    private readonly frame: Buffer,
    types: string,
  ) {
    if (frame.length < 5 || frame.readInt32BE(1) + 1 !== frame.length) throw this.malformed('it is not a whole frame');
    if (!types.includes(this.type)) throw this.malformed(`it is none of type ${types}`);
  }

  get type(): string {
    return String.fromCharCode(this.frame[0] ?? 0);
  }

  get left(): number {
    return this.frame.length - this.at;
  }

  malformed(reason: string): MalformedMessage {
    return new MalformedMessage(this.type, reason);
  }

  byte(): number {
    return this.bytes(1)[0] ?? 0;
  }

  uint16(): number {
    this.need(2);
    this.at += 2;
    return this.frame.readUInt16BE(this.at - 2);
  }

  int16(): number {
    this.need(2);
    this.at += 2;
    return this.frame.readInt16BE(this.at - 2);
  }

  int32(): number {
    this.need(4);
    this.at += 4;
    return this.frame.readInt32BE(this.at - 4);
  }

  /** An OID. */
  uint32(): number {
    this.need(4);
    this.at += 4;
    return this.frame.readUInt32BE(this.at - 4);
  }

  bytes(count: number): Buffer {
    this.need(count);
    this.at += count;
    return this.frame.subarray(this.at - count, this.at);
  }

  /** Bytes up to the next NUL, which is read too. */
  cstring(): Buffer {
    const nul = this.frame.indexOf(0, this.at);
    if (nul < 0) throw this.malformed('a string has no end');
    const text = this.frame.subarray(this.at, nul);
    this.at = nul + 1;
    return text;
  }

  /** Names are compared and recorded: two that differ must never read the same, so nothing but UTF-8 is taken. */
  name(): string {
    const text = this.cstring();
    if (text.length === 0) return '';
    if (!isUtf8(text)) throw this.malformed('a name is not valid UTF-8');
    return text.toString('utf8');
  }

  /** A length and so many bytes; null for length −1. */
  value(): Buffer | null {
    const length = this.int32();
    if (length === -1) return null;
    if (length < 0) throw this.malformed(`a value of ${length} bytes`);
    return this.bytes(length);
  }

  format(): Format {
    const code = this.int16();
    if (code !== 0 && code !== 1) throw this.malformed(`format code ${code}`);
    return code === 0 ? 'text' : 'binary';
  }

  /** `count` items, each at least `itemBytes` long: a count that cannot be true takes no memory. */
  list<T>(count: number, itemBytes: number, item: () => T): T[] {
    if (count < 0 || count * itemBytes > this.left) throw this.malformed(`${count} items in ${this.left} bytes`);
    return Array.from({ length: count }, item);
  }

  rest(): Buffer {
    return this.bytes(this.left);
  }

  /** @throws MalformedMessage when anything is left */
  end(): void {
    if (this.left > 0) throw this.malformed(`${this.left} bytes follow its end`);
  }

  private need(count: number): void {
    if (this.left < count) throw this.malformed('it ends too early');
  }
}

/** How a value is written: as text, or as its type's binary form. */
export type Format = 'text' | 'binary';
