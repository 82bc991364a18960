import type { ClickHouse } from '#clickhouse';
import type { Journal, LogReader } from '#event-log';
import type { Authenticator } from '#identity';
import type { Logger } from '#runtime';
import type { RoleGroups } from './access/role.js';

/** What the api stands on. */
export interface Ground {
  readonly reader: LogReader;
  readonly journal: Journal;
  /** The uuid of the api's own outbox. */
  readonly ownLog: string;
  readonly authenticator: Authenticator;
  /** Without it, the api answers from the log alone. */
  readonly clickhouse: ClickHouse | undefined;
  readonly roles: RoleGroups;
  readonly consoleCode: string | undefined;
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly log: Logger;
  readonly version: string;
}
