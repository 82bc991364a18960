import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createSecureContext } from 'node:tls';
import { z } from 'zod';
import type { Certificate, Listening, TokensOf } from './answers.js';
import { allOf, fine, type Finding, problem } from './finding.js';

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.string() });
const discoveryMs = 10_000;

/** Whether the issuer says of itself who it is and where its keys are (OpenID Connect Discovery 1.0, 4). */
export async function checkIssuer(tokens: TokensOf): Promise<Finding> {
  if (tokens.kind === 'sallyport') return fine('service tokens: made by `sallyport token create`');
  const { issuer } = tokens;
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  if (!URL.canParse(url)) return problem(`${issuer} is no URL`, 'Give it as the `iss` of its tokens says: https://…');
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(discoveryMs) });
    if (!answer.ok) return problem(`${url} answers ${answer.status}`, 'Is this the issuer, exactly as the `iss` of its tokens?');
    const told = Discovery.safeParse(await answer.json());
    if (!told.success)
      return problem(`${url} is no OpenID configuration`, 'Is this the issuer, exactly as the `iss` of its tokens?');
    if (told.data.issuer !== issuer)
      return problem(
        `${url} speaks for another issuer: ${told.data.issuer}`,
        'Give the issuer exactly as it calls itself there.',
      );
    return fine(`the issuer answers; its keys are at ${told.data.jwks_uri}`);
  } catch (error) {
    return problem(`${url} cannot be read: ${reasonOf(error)}`, 'Is the issuer up, and may this machine reach it?');
  }
}

/** Whether the ports are free. */
export async function checkListening({ host, proxy, api, clickhouse }: Listening): Promise<Finding> {
  const places = [
    ['proxy', host, proxy],
    ['api', host, api],
    ['clickhouse', '127.0.0.1', clickhouse],
  ] as const;
  if (new Set([proxy, api, clickhouse]).size < places.length)
    return problem('proxy, api and ClickHouse need a port each', 'Name three different ones.');
  return allOf(
    await Promise.all(
      places.map(async ([what, at, port]) => {
        const taken = await whyTaken(at, port);
        return taken === undefined
          ? fine(`${what}: ${at}:${port} is free`)
          : problem(`${what}: ${at}:${port} cannot be listened on (${taken})`, `Name another: --${what}-port.`);
      }),
    ),
  );
}

/** The port that is wanted, or the next one that is free. */
export async function freePort(host: string, wanted: number, taken: readonly number[]): Promise<number> {
  for (let port = wanted; port < wanted + 100; port++)
    if (!taken.includes(port) && (await whyTaken(host, port)) === undefined) return port;
  return wanted; // the check tells why not
}

async function whyTaken(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return reasonOf(error);
  } finally {
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }
}

/** Whether the key belongs to the certificate. */
export function checkCertificate(certificate: Certificate): Finding {
  if (certificate.kind === 'made')
    return fine(`a certificate is made for ${['localhost', '127.0.0.1', ...certificate.names].join(', ')}`);
  const { cert, key } = certificate;
  try {
    createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
    return fine(`${cert} and its key belong together`);
  } catch (error) {
    return problem(`${cert} and ${key} cannot be used: ${reasonOf(error)}`, 'Name a certificate and its key, both PEM.');
  }
}

/** A code where there is one: messages of libraries may quote what they were given. */
function reasonOf(error: unknown): string {
  const { code, cause, message } = error as { code?: unknown; cause?: unknown; message?: unknown };
  if (typeof code === 'string') return code;
  return cause === undefined ? String(message) : reasonOf(cause);
}
