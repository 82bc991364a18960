import type { StoredRecord } from '#event-log';
import { type By, type Event, type EventOf, isSame, type Principal } from '#events';
import type { Revocations, TokenIssuer } from '#identity';
import type { AccessJournal } from '../access/access-journal.js';
import type { LogFold } from '../log/follower.js';
import { RequestFailed } from '../problem/problem.js';

type Issued = EventOf<'token.issued'>['data'];

/** A token that was given out and is still good. */
export type LiveToken = Issued & { readonly issued: number };

export interface Grant {
  readonly principal: Principal;
  readonly actors?: readonly By[];
  /** Who asks for it. */
  readonly by: By;
  readonly grant: Issued['grant'];
  readonly address: string;
  readonly target?: string | undefined;
  /** How long it is to be good for; never longer than the configuration says. */
  readonly ttlSeconds?: number | undefined;
  /** It ends with the login that it was given to, unix milliseconds. */
  readonly until?: number | undefined;
  /** SHA-256, in hex, of the assertion that it is given for. */
  readonly spent?: string;
}

export interface IssuedTokensOptions {
  /** Without it, none are given out. */
  readonly issuer: TokenIssuer | undefined;
  readonly ttlSeconds: number;
  readonly accesses: AccessJournal;
  readonly revocations: Revocations;
  readonly now: () => number;
  readonly random: (bytes: number) => Buffer;
}

const forgetEvery = 1_000;

/** Tokens of our own, folded from the log: what was given out, and what was taken back. The tokens themselves are kept by nobody. */
export class IssuedTokens implements LogFold {
  private readonly live = new Map<string, LiveToken>();
  private taken = 0;

  constructor(private readonly options: IssuedTokensOptions) {}

  get isOffered(): boolean {
    return this.options.issuer !== undefined;
  }

  take(_: StoredRecord, event: Event | undefined): void {
    if (event?.type === 'token.issued') this.live.set(event.data.token, { ...event.data, issued: event.at });
    else if (event?.type === 'token.revoked') {
      this.live.delete(event.data.token);
      this.options.revocations.follow(event);
    } else return;
    if (++this.taken % forgetEvery === 0) this.forget();
  }

  /** Resolves when it is on record that there is such a token. @throws RequestFailed `not-found` where none are given out */
  async issue({ principal, actors = [], by, grant, address, target, until = Infinity, spent, ...asked }: Grant) {
    const { issuer, ttlSeconds, accesses, now, random } = this.options;
    if (!issuer) throw new RequestFailed('not-found', 'No tokens are given out here: `api.tokens` is not configured.');
    const issued = now();
    const wholeSeconds = (ms: number): number => Math.floor(ms / 1000) * 1000;
    const expires = wholeSeconds(Math.min(issued + Math.min(asked.ttlSeconds ?? ttlSeconds, ttlSeconds) * 1000, until));
    const id = random(16).toString('base64url');
    const token = await issuer.sign({ id, principal, actors, target, issued, expires });
    const data: Issued = {
      ...{ token: id, principal: { issuer: principal.issuer, subject: principal.subject }, by, grant, expires, address },
      ...(target !== undefined && { target }),
      ...(spent !== undefined && { code: spent }),
    };
    await accesses.write([{ type: 'token.issued', data }]);
    this.live.set(id, { ...data, issued });
    return { id, token, issued, expires };
  }

  /** Those that stand for someone, or that they asked for; newest first. */
  of(by: By): LiveToken[] {
    this.forget();
    return [...this.live.values()]
      .filter((token) => isSame(token.principal, by) || isSame(token.by, by))
      .sort((a, b) => b.issued - a.issued || (a.token < b.token ? -1 : 1));
  }

  /** @param whose undefined: anybody's @throws RequestFailed `not-found` for what is not live, or is somebody else's */
  async revoke(id: string, by: By, whose: By | undefined, reason: string | undefined): Promise<void> {
    this.forget();
    const token = this.live.get(id);
    const isTheirs = token && (whose === undefined || isSame(token.principal, whose) || isSame(token.by, whose));
    if (!isTheirs) throw new RequestFailed('not-found', `There is no token ${id} of yours that is still good.`);
    const { expires } = token;
    await this.options.accesses.write([
      { type: 'token.revoked', data: { token: id, by, expires, ...(reason !== undefined && { reason }) } },
    ]);
    this.live.delete(id);
    this.options.revocations.add(id, expires, this.options.now());
  }

  /** What has expired is refused for that. */
  private forget(): void {
    const now = this.options.now();
    for (const [id, { expires }] of this.live) if (expires <= now) this.live.delete(id);
  }
}
