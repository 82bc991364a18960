import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceProcess } from '../e2e/service-process.js';
import { freePort } from '../ports.js';

/** The demo's own OpenID provider in a process of its own, with a cast of the test's. */
export interface DemoIssuer {
  readonly url: string;
  /** An access token by client credentials. */
  readonly token: (client: string) => Promise<string>;
  readonly stop: () => Promise<void>;
}

const people = [
  { id: 'anna', kind: 'human', groups: ['approvers', 'agents'] },
  { id: 'vic', kind: 'human', groups: ['viewers'] },
  { id: 'nobody', kind: 'human', groups: [] },
];
const clients = [{ id: 'billing-bot', kind: 'agent', groups: ['agents'], secret: 'a-secret' }];

export async function startDemoIssuer(consoleUrl: string): Promise<DemoIssuer> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-issuer-'));
  const port = await freePort();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = { ...privateKey.export({ format: 'jwk' }), kid: 'test', alg: 'ES256', use: 'sig' };
  const file = join(folder, 'settings.json');
  writeFileSync(file, JSON.stringify({ port, key, clients, people, consoleUrl }));
  const service = await new ServiceProcess('standalone/identity-provider', file).start();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    token: async (client) => {
      const answer = await fetch(`${url}/token`, {
        method: 'POST',
        headers: { authorization: `Basic ${Buffer.from(`${client}:a-secret`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      });
      return ((await answer.json()) as { access_token: string }).access_token;
    },
    stop: async () => {
      await service.end('SIGTERM');
      rmSync(folder, { recursive: true });
    },
  };
}

/** What a browser keeps between two pages. Only what these logins need: cookies by name, per origin. */
export interface BrowserSession {
  /** Follows redirects, up to one that leads to where `until` says. @returns the last answer */
  readonly open: (url: string, init?: RequestInit, until?: (url: URL) => boolean) => Promise<{ url: URL; response: Response }>;
  readonly cookies: ReadonlyMap<string, string>;
}

/** A browser without a screen. */
export function browse(): BrowserSession {
  const jar = new Map<string, string>();
  const open: BrowserSession['open'] = async (start, init = {}, until = () => false) => {
    let url = new URL(start);
    let request = init;
    for (let hops = 0; hops < 20; hops++) {
      const own = [...jar]
        .filter(([key]) => key.startsWith(`${url.origin} `))
        .map(([key, value]) => `${key.split(' ')[1] ?? ''}=${value}`);
      const headers = {
        ...(request.headers as Record<string, string> | undefined),
        ...(own.length > 0 && { cookie: own.join('; ') }),
      };
      const response = await fetch(url, { ...request, headers, redirect: 'manual' });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (value === '' || /expires=Thu, 01 Jan 1970/i.test(cookie)) jar.delete(`${url.origin} ${name}`);
        else jar.set(`${url.origin} ${name}`, value);
      }
      const location = response.headers.get('location');
      if (location === null) return { url, response };
      url = new URL(location, url);
      if (until(url)) return { url, response };
      request = {};
    }
    throw new Error(`too many redirects, the last to ${url.href}`);
  };
  return { open, cookies: jar };
}
