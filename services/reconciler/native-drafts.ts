import type { Draft } from '#event-log';
import type { TailedRecord } from './tail/tail.js';

/** A record of a native log as an event, with its text beside it. */
export const draftOf = ({ observed, isSecret, bytes }: TailedRecord): Draft => ({
  type: 'native.observed',
  data: observed,
  ...(bytes && {
    parts: [isSecret ? { name: 'native', bytes: [bytes], withheld: 'secret' } : { name: 'native', bytes: [bytes] }],
  }),
});
