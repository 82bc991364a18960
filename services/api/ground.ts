import type { ClickHouse } from '#clickhouse';
import type { Journal, LogReader } from '#event-log';
import type { Authenticator, Revocations, TokenIssuer } from '#identity';
import type { Config, Logger } from '#runtime';
import type { RoleGroups } from './access/role.js';
import type { LoginConfig } from './login/providers.js';

/** How people log in, and what they get. */
export interface Logins {
  readonly login: LoginConfig;
  readonly issuers: Config<'api'>['issuers'];
  readonly sessions: Config<'api'>['api']['sessions'];
  /** Our own address from outside. */
  readonly publicUrl: string;
  readonly consoleCode: string | undefined;
  readonly breakGlass: string | undefined;
  /** Gives out tokens of our own, and for how long at most. */
  readonly tokens: { readonly issuer: TokenIssuer; readonly ttlSeconds: number } | undefined;
}

/** What the api stands on. */
export interface Ground {
  readonly reader: LogReader;
  readonly journal: Journal;
  /** The uuid of the api's own outbox. */
  readonly ownLog: string;
  readonly authenticator: Authenticator;
  /** What the authenticator refuses, folded from the log. */
  readonly revocations: Revocations;
  /** Without it, the api answers from the log alone. */
  readonly clickhouse: ClickHouse | undefined;
  readonly roles: RoleGroups;
  readonly logins: Logins;
  /** Reverse proxies that say whom they speak for. */
  readonly proxies: readonly string[];
  /** Unix milliseconds. */
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
  readonly log: Logger;
  readonly version: string;
}
