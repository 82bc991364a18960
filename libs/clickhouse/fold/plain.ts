import type { Text } from '#events';

/** Text for people and filters: bytes that are no UTF-8 show as Postgres' own `\x…`. */
export const plain = (text: Text): string =>
  typeof text === 'string' ? text : `\\x${Buffer.from(text.b64, 'base64').toString('hex')}`;
