import { z } from 'zod';

/** UInt64 comes quoted, so that no digit is lost; what events count stays below 2^53. */
export const UInt64 = z.codec(z.string().regex(/^\d+$/), z.int().min(0), { decode: Number, encode: String });

/** The last instant that DateTime64(3) and its ten digits of seconds can hold. */
const latestMs = 9_999_999_999_999;

/** DateTime64(3, 'UTC') as Unix milliseconds. Later instants than the year 2286 are kept as its end: the event has the number. */
export const Time = z.codec(z.string().regex(/^\d+\.\d{3}$/), z.int().min(0), {
  decode: (text) => Number(text.replace('.', '')),
  encode: (ms) => Math.min(ms, latestMs).toString().padStart(13, '0').replace(/...$/, '.$&'),
});

/** Bytes that `base64Encode` gave. */
export const Bytes = z.codec(z.base64(), z.instanceof(Buffer<ArrayBufferLike>), {
  decode: (text) => Buffer.from(text, 'base64'),
  encode: (bytes) => bytes.toString('base64'),
});
