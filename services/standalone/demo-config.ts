import { stringify } from 'yaml';
import { renewedSecretFile, replaceFile, secretFile, type ServerCertificate } from '#secrets';
import { demoPolicy } from './demo-policy.js';
import type { Home } from './files.js';
import { cliClient, consoleClient, providerName } from './identity-provider/settings.js';
import { shopDatabase, type ShopLogin, shopLogins } from './shop/shop.js';

/** The ports of a demo, all on loopback. */
export interface DemoPorts {
  readonly proxy: number;
  readonly api: number;
  readonly clickhouse: number;
  readonly postgres: number;
  readonly issuer: number;
}

export const issuerUrl = ({ issuer }: DemoPorts): string => `http://127.0.0.1:${issuer}`;
export const apiUrl = ({ api }: DemoPorts): string => `http://127.0.0.1:${api}`;

/** The file of a shop login's password. */
export const loginPassword = (home: Home, login: ShopLogin) => secretFile(home.secrets, `${login}.password`);

/** Writes sallyport.yml and policy.yml. They are made anew at every start: a reader may look, but edits are lost. */
export function writeDemoConfig(home: Home, ports: DemoPorts, tls: ServerCertificate, brokers: readonly string[]): void {
  const host = '127.0.0.1';
  const config = {
    dataDir: home.data,
    listen: { host, port: ports.proxy, tls: { cert: tls.cert, key: tls.key } },
    targets: [
      {
        name: 'demo',
        host,
        port: ports.postgres,
        databases: [shopDatabase],
        tls: { mode: 'disable' },
        logins: shopLogins.map((name) => ({ name, password: { file: loginPassword(home, name).path } })),
        catalog: { login: 'sallyport_catalog' satisfies ShopLogin },
      },
    ],
    issuers: [
      {
        issuer: issuerUrl(ports),
        audience: 'sallyport',
        algorithms: ['ES256'],
        claims: { subject: 'sub', groups: 'groups', kind: 'kind' },
      },
      { issuer: apiUrl(ports), audience: 'sallyport', kind: 'own' },
    ],
    tokens: { file: `${home.secrets}/tokens.json` },
    policy: home.policy,
    ...(brokers.length > 0 && { kafka: { brokers } }),
    clickhouse: { port: ports.clickhouse, password: { file: secretFile(home.secrets, 'clickhouse.password').path } },
    api: {
      host,
      port: ports.api,
      roles: {
        viewer: ['viewers'],
        responder: ['responders'],
        approver: ['approvers'],
        auditor: ['auditors'],
        admin: ['admins'],
      },
      login: {
        oidc: [{ name: providerName, label: "the demo's identity provider", issuer: issuerUrl(ports), clientId: consoleClient }],
        device: { issuer: issuerUrl(ports), clientId: cliClient },
      },
      tokens: { keyFile: `${home.secrets}/issued-tokens.key.json` },
      // It is good once: every start prints another.
      consoleCode: { file: renewedSecretFile(home.secrets, 'console.code').path },
    },
  };
  replaceFile(home.config, `# Made by the demo at every start.\n${stringify(config)}`);
  replaceFile(home.policy, demoPolicy);
}
