import { isUtf8 } from 'node:buffer';
import { MalformedStartup } from './violation.js';

/** A start-up parameter as it was sent: the value may be no UTF-8. */
export interface StartupParameter {
  readonly name: string;
  readonly value: Buffer;
}

/** The first packet of a connection, or the one that follows a refused SSLRequest or GSSENCRequest. `length` is what it took. */
export type Startup =
  | { readonly kind: 'ssl' | 'gss'; readonly length: number }
  | { readonly kind: 'cancel'; readonly length: number; readonly pid: number; readonly key: Buffer }
  | {
      readonly kind: 'startup';
      readonly length: number;
      /** Major is always 3. */
      readonly minor: number;
      /** In the order sent, `_pq_.` options aside; a name may come twice. */
      readonly parameters: readonly StartupParameter[];
      /** Names of the protocol options (`_pq_.…`) that the client asks for. */
      readonly options: readonly string[];
    }
  | { readonly kind: 'unsupported'; readonly length: number; readonly major: number; readonly minor: number };

/** As Postgres bounds it (MAX_STARTUP_PACKET_LENGTH), the length itself aside. */
const maxPacket = 10_000;
/** What a cancel key may have since protocol 3.2. */
const maxKey = 256;

const cancelCode = 80_877_102;
const sslCode = 80_877_103;
const gssCode = 80_877_104;

/**
 * Reads the first packet from what has arrived of a connection. Undefined while it is incomplete.
 * A first byte of 0x16 is no packet but the begin of TLS, which the caller sees before asking.
 * @throws MalformedStartup
 */
export function decodeStartup(bytes: Buffer): Startup | undefined {
  if (bytes.length < 4) return undefined;
  const length = bytes.readInt32BE(0);
  if (length < 8 || length - 4 > maxPacket) throw new MalformedStartup(`a start-up packet of ${length} bytes`);
  if (bytes.length < length) return undefined;
  const code = bytes.readInt32BE(4);
  if (code === sslCode || code === gssCode) {
    if (length !== 8) throw new MalformedStartup('bytes follow a request for encryption');
    return { kind: code === sslCode ? 'ssl' : 'gss', length };
  }
  if (code === cancelCode) return decodeCancel(bytes, length);
  const major = code >>> 16;
  const minor = code & 0xffff;
  if (major !== 3) return { kind: 'unsupported', length, major, minor };
  const sent = parameters(bytes.subarray(8, length));
  return {
    kind: 'startup',
    length,
    minor,
    parameters: sent.filter(({ name }) => !name.startsWith('_pq_.')),
    options: sent.map(({ name }) => name).filter((name) => name.startsWith('_pq_.')),
  };
}

/** @param minor of protocol 3 */
export function encodeStartup(minor: number, sent: Iterable<readonly [name: string, value: string]>): Buffer {
  const strings = [...sent].flatMap(([name, value]) => [name, value]);
  if (strings.some((text) => text.includes('\0'))) throw new RangeError('a start-up parameter holds a NUL');
  const body = Buffer.from([...strings, ''].map((text) => `${text}\0`).join(''), 'utf8');
  return packet((3 << 16) | minor, body);
}

export const encodeSslRequest = (): Buffer => packet(sslCode, Buffer.alloc(0));

/** @param key as BackendKeyData gave it */
export function encodeCancelRequest(pid: number, key: Buffer): Buffer {
  const body = Buffer.alloc(4 + key.length);
  body.writeInt32BE(pid);
  key.copy(body, 4);
  return packet(cancelCode, body);
}

function packet(code: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  head.writeInt32BE(code, 4);
  return Buffer.concat([head, body]);
}

function decodeCancel(bytes: Buffer, length: number): Startup {
  const keyBytes = length - 12;
  if (keyBytes < 1 || keyBytes > maxKey) throw new MalformedStartup(`a cancel request with a key of ${keyBytes} bytes`);
  return { kind: 'cancel', length, pid: bytes.readInt32BE(8), key: bytes.subarray(12, length) };
}

function parameters(bytes: Buffer): StartupParameter[] {
  const found: StartupParameter[] = [];
  let at = 0;
  const cstring = (): Buffer => {
    const nul = bytes.indexOf(0, at);
    if (nul < 0) throw new MalformedStartup('a start-up parameter has no end');
    const text = bytes.subarray(at, nul);
    at = nul + 1;
    return text;
  };
  for (;;) {
    const name = cstring();
    if (name.length === 0) break;
    if (!isUtf8(name)) throw new MalformedStartup('the name of a start-up parameter is not valid UTF-8');
    found.push({ name: name.toString('utf8'), value: cstring() });
  }
  if (at !== bytes.length) throw new MalformedStartup('bytes follow the last start-up parameter');
  return found;
}
