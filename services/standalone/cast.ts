import { generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceFile, secretFile } from '#secrets';
import { apiUrl, type DemoPorts } from './demo-config.js';
import type { Home } from './files.js';
import type { DemoClient, ProviderSettings } from './identity-provider/settings.js';

/** Who plays in the demo: a role of demo.json, the client that gets its token, and its groups. */
const cast = {
  agent: { id: 'billing-bot', kind: 'agent', groups: ['agents', 'billing'] },
  viewer: { id: 'viewer-vic', kind: 'human', groups: ['viewers'] },
  responder: { id: 'responder-rui', kind: 'human', groups: ['responders'] },
  approver: { id: 'approver-anna', kind: 'human', groups: ['approvers'] },
  auditor: { id: 'auditor-aya', kind: 'human', groups: ['auditors'] },
  admin: { id: 'admin-ada', kind: 'human', groups: ['admins'] },
} as const satisfies Record<string, Omit<DemoClient, 'secret'>>;

export type DemoRole = keyof typeof cast;
export const demoRoles = Object.keys(cast) as DemoRole[];

/** The client of a role, with its secret. */
export const clientOf = (home: Home, role: DemoRole): DemoClient => ({
  ...cast[role],
  secret: secretFile(home.secrets, `${cast[role].id}.client-secret`).value,
});

/** Writes what the identity provider is told. @returns the file */
export function writeProviderSettings(home: Home, ports: DemoPorts): string {
  const file = join(home.secrets, 'identity-provider.json');
  const key = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as ProviderSettings).key : newKey();
  const clients = demoRoles.map((role) => clientOf(home, role));
  const people = Object.values(cast).filter(({ kind }) => kind === 'human');
  replaceFile(
    file,
    JSON.stringify({ port: ports.issuer, key, clients, people, consoleUrl: apiUrl(ports) } satisfies ProviderSettings),
  );
  return file;
}

function newKey(): JsonWebKey {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { ...privateKey.export({ format: 'jwk' }), kid: 'demo', alg: 'ES256', use: 'sig' };
}

/** An access token by client credentials, as any client would ask for it. */
export async function fetchToken(issuer: string, { id, secret }: DemoClient): Promise<string> {
  const answer = await fetch(`${issuer}/token`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`).toString('base64')}`,
    },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  if (!answer.ok) throw new Error(`the demo's identity provider answered ${answer.status}`);
  const { access_token } = (await answer.json()) as { access_token: string };
  return access_token;
}
