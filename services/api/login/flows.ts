import { createHash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Asserted, OidcChallenge } from '#identity';

export const flowCookie = 'sallyport_login';
/** A login has to come to its end within this time. */
export const flowMs = 10 * 60_000;
const mostFlows = 10_000;

/** A login that is under way at a provider. */
export type Flow =
  | { readonly kind: 'oidc'; readonly name: string; readonly challenge: OidcChallenge; readonly returnTo: string }
  | {
      readonly kind: 'saml';
      readonly name: string;
      /** The request that was sent; undefined where the provider began. */
      readonly request: string | undefined;
      readonly returnTo: string;
      /** What the provider answered, once it has. */
      readonly asserted: Asserted | undefined;
    };

/**
 * Logins under way, each bound to the browser that began it by a cookie: nobody is logged in as somebody else by a link. The cookie is
 * `Lax`, so that it comes along when the provider sends the browser back; a SAML response is posted from elsewhere and comes without it,
 * so what it said is kept until the browser asks for it itself.
 */
export class LoginFlows {
  private readonly flows: LRUCache<string, Flow>;
  private readonly byRequest = new LRUCache<string, string>({ max: mostFlows });

  constructor(
    now: () => number,
    private readonly random: (bytes: number) => Buffer,
  ) {
    this.flows = new LRUCache({ max: mostFlows, ttl: flowMs, perf: { now }, ttlResolution: 0 });
  }

  /** @returns the cookie's value */
  begin(flow: Flow): string {
    const cookie = this.random(32).toString('base64url');
    this.flows.set(hash(cookie), flow);
    if (flow.kind === 'saml' && flow.request !== undefined) this.byRequest.set(`${flow.name} ${flow.request}`, hash(cookie));
    return cookie;
  }

  /** Whether a request of ours waits for its answer. */
  awaits(name: string, request: string): boolean {
    const flow = this.flows.get(this.byRequest.get(`${name} ${request}`) ?? '');
    return flow?.kind === 'saml' && flow.asserted === undefined;
  }

  /** Keeps what a provider answered. A request is answered once. */
  answer(name: string, request: string, asserted: Asserted): void {
    const key = this.byRequest.get(`${name} ${request}`) ?? '';
    const flow = this.flows.get(key);
    if (flow?.kind !== 'saml') return;
    this.byRequest.delete(`${name} ${request}`);
    this.flows.set(key, { ...flow, asserted });
  }

  /** Ends the flow of this browser. Undefined where it has none. */
  take(cookie: string | undefined): Flow | undefined {
    if (cookie === undefined) return undefined;
    const flow = this.flows.get(hash(cookie));
    this.flows.delete(hash(cookie));
    return flow;
  }
}

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
