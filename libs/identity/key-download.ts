import type { JSONWebKeySet } from 'jose';
import { z } from 'zod';

export type Fetch = (url: string, init: { signal: AbortSignal; redirect: 'error' }) => Promise<Response>;

export interface KeySource {
  readonly issuer: string;
  /** Absent: asked of the issuer's openid-configuration. */
  readonly jwksUri?: string | undefined;
}

const requestMs = 3_000;
const answerBytes = 1024 * 1024;

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const jwks = z.object({ keys: z.array(z.object({ kty: z.string() }).loose()) });

/** The openid-configuration of an issuer, OpenID Connect Discovery 4.1. */
export const configurationUrl = (issuer: string): string => `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;

/** Asks an issuer for the keys that it publishes now. @throws Error when it gives none */
export async function downloadKeys({ issuer, jwksUri }: KeySource, fetch: Fetch): Promise<JSONWebKeySet> {
  return jwks.parse(await json(jwksUri ?? (await discover(issuer, fetch)), fetch));
}

async function discover(expected: string, fetch: Fetch): Promise<string> {
  const { issuer, jwks_uri } = discovery.parse(await json(configurationUrl(expected), fetch));
  if (issuer !== expected) throw new Error('the openid-configuration is that of another issuer');
  // Discovery over TLS must not lead to keys over plaintext.
  if (expected.startsWith('https:') && !jwks_uri.startsWith('https:')) throw new Error('jwks_uri is not https');
  return jwks_uri;
}

async function json(url: string, fetch: Fetch): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(requestMs), redirect: 'error' });
  if (!answer.ok) throw new Error(`the issuer answered ${answer.status}`);
  return JSON.parse(await textUpTo(answer, answerBytes));
}

async function textUpTo(answer: Response, limit: number): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > limit) throw new Error('the issuer answered with too much');
  }
  return text + decoder.decode();
}
