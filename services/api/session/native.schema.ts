import { z } from 'zod';
import { Text } from '#events';
import { type Placed, wordsOf } from '#reconciliation';
import type { Content } from '../access/caller.js';
import type { NativeRecord } from '../log/native-records.js';
import { provenance } from '../projection.js';

/** A record of Postgres' own log about a session. Its words are null where the caller does not see them, or they were withheld. */
export const NativeLine = z
  .object({
    /** The id of its event. */
    id: z.string(),
    /** By the proxy's clock: the server's, put right where the two do not fit together. */
    at: z.int(),
    /** By the server's clock. */
    time: z.int(),
    /** The step that it follows; -1 before the first. */
    after: z.int(),
    tells: z.string(),
    severity: z.string(),
    sqlstate: z.string().nullable(),
    command: z.string().nullable(),
    us: z.int().nullable(),
    file: z.string(),
    from: z.int(),
    to: z.int(),
    message: Text.nullable(),
    detail: Text.nullable(),
    statement: Text.nullable(),
    /** Why there are no words: the caller's roles, or a secret that they may hold. */
    withheld: z.string().nullable(),
  })
  .meta({ id: 'NativeLine' });
export type NativeLine = z.infer<typeof NativeLine>;

export const NativeLines = z
  .object({
    items: z.array(NativeLine),
    /** There are more than are shown: this many. */
    leftOut: z.int().min(0),
    ...provenance,
  })
  .meta({ id: 'NativeLines' });

const nothing = { message: null, detail: null, statement: null };

export function lineOf({ event, text }: NativeRecord, { at, after }: Placed, content: Content): NativeLine {
  const { time, tells, severity, sqlstate, command, us, file, from, to, format } = event.data;
  const withheld = event.parts?.find((part) => part.withheld)?.withheld;
  return {
    ...{ id: `${event.producer}/${event.pseq}`, at, time, after, tells, severity, file, from, to },
    ...{ sqlstate: sqlstate ?? null, command: command ?? null, us: us ?? null },
    ...(content === 'shown' && text ? wordsOf(format, text) : nothing),
    withheld: content === 'redacted' ? 'role' : (withheld ?? null),
  };
}
