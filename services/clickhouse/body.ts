import type { IncomingMessage } from 'node:http';
import { type Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Refused } from './refused.js';

/** The most that a statement may take. */
export const statementBytes = 4 * 1024 * 1024;
/** The most that the rows of one insert may take. */
export const insertBytes = 512 * 1024 * 1024;

/** @throws Refused for an encoding other than gzip */
export function decoded(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return request;
  if (encoding !== 'gzip') throw new Refused('NOT_IMPLEMENTED', `Content-Encoding ${encoding} is not served`);
  const gunzip = createGunzip();
  request.on('error', (error) => gunzip.destroy(error));
  return request.pipe(gunzip);
}

/** Passes bytes on, and ends in Refused once there are more than the limit. */
export function atMost(limit: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _, done) {
      passed += chunk.length;
      if (passed > limit) done(new Refused('TOO_MANY_BYTES', `The body is longer than ${limit} bytes`));
      else done(null, chunk);
    },
  });
}
