import { readFileSync } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Secret } from '#runtime';

/** Where Vault is, and as whom it is asked. */
export interface VaultPlace {
  readonly address: string;
  readonly namespace?: string | undefined;
  /** A file of certificates, PEM. */
  readonly ca?: string | undefined;
  readonly mount?: string | undefined;
}

export interface VaultField {
  readonly path: string;
  readonly field: string;
}

/** Vault did not give what it was asked for. The message is ours: what it answered is not repeated. */
export class VaultFailed extends Error {
  override readonly name = 'VaultFailed';
}

const longestAnswer = 1024 * 1024;

/**
 * Reads a field of a secret of the KV engine, version 2 or 1. Follows no redirect: the token is for this address alone.
 * @throws VaultFailed
 */
export async function readVault(
  place: VaultPlace,
  token: Secret,
  { path, field }: VaultField,
  timeoutMs: number,
): Promise<Secret> {
  const below = path.replace(/^\/+/, '');
  const { status, body } = await get(place, token, place.mount === undefined ? below : `${place.mount}/data/${below}`, timeoutMs);
  if (status !== 200) throw new VaultFailed(meanings[status] ?? `it answered with status ${status}`);
  const value = fieldOf(body, field);
  if (value === undefined) throw new VaultFailed('what is at this path has no such field');
  return new Secret(value);
}

const meanings: Readonly<Record<number, string>> = {
  301: 'it redirects, which is not followed',
  302: 'it redirects, which is not followed',
  303: 'it redirects, which is not followed',
  307: 'it redirects, which is not followed: name the active node',
  308: 'it redirects, which is not followed',
  400: 'it does not understand the request (400)',
  403: 'the token is not good, or not for this path (403)',
  404: 'there is nothing at this path (404)',
  429: 'it is a standby, or is asked too often (429)',
  503: 'it is sealed, or down for maintenance (503)',
};

interface Answer {
  readonly status: number;
  readonly body: string;
}

function get({ address, namespace, ca }: VaultPlace, token: Secret, path: string, timeoutMs: number): Promise<Answer> {
  const url = new URL(`${address.replace(/\/+$/, '')}/v1/${path.split('/').map(encodeURIComponent).join('/')}`);
  const headers = {
    accept: 'application/json',
    'x-vault-request': 'true',
    'x-vault-token': token.reveal(),
    ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
  };
  return new Promise((resolve, reject) => {
    const failed = (why: string): void => {
      reject(new VaultFailed(why));
    };
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const signal = AbortSignal.timeout(timeoutMs);
    const tls = ca === undefined ? {} : { ca: readFileSync(ca) };
    const asked = request(url, { headers, signal, agent: false, ...tls }, (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        length += chunk.length;
        if (length > longestAnswer) {
          failed('its answer is longer than 1 MiB');
          asked.destroy();
        } else chunks.push(chunk);
      });
      answer.once('end', () => {
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') });
      });
      answer.once('error', () => {
        failed('it broke off its answer');
      });
    });
    asked.once('error', (error: NodeJS.ErrnoException) => {
      failed(signal.aborted ? `it does not answer within ${timeoutMs} ms` : `it cannot be reached (${error.code ?? error.name})`);
    });
    asked.end();
  });
}

/** KV 2 wraps the fields once more than KV 1, and says so by its metadata. */
function fieldOf(body: string, field: string): string | undefined {
  let answer: unknown;
  try {
    answer = JSON.parse(body);
  } catch {
    throw new VaultFailed('its answer is no JSON');
  }
  const { data } = Object(answer) as { data?: unknown };
  const { data: inner, metadata } = Object(data) as { data?: unknown; metadata?: unknown };
  const fields = Object(typeof metadata === 'object' && metadata !== null ? inner : data) as Readonly<Record<string, unknown>>;
  const value = Object.hasOwn(fields, field) ? fields[field] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}
