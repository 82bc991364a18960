import { randomBytes } from 'node:crypto';
import { Journal, MemoryLog } from '#event-log';
import { Authenticator, Revocations } from '#identity';
import { logger, version } from '#runtime';
import { createApplication, documentOf } from './application.js';

/** Writes the api's OpenAPI description: what the console's client is generated from. Nothing is started. */
export async function printOpenApi(to: NodeJS.WritableStream): Promise<void> {
  const nowhere = new MemoryLog();
  const now = (): number => 0;
  const app = await createApplication({
    reader: nowhere.reader(),
    journal: new Journal(nowhere, { service: 'api', version, now, random: randomBytes }),
    ownLog: nowhere.log,
    authenticator: new Authenticator({ issuers: [] }),
    revocations: new Revocations(),
    clickhouse: undefined,
    roles: { viewer: [], responder: [], approver: [], auditor: [], admin: [] },
    logins: {
      ...{ login: { oidc: [], saml: [], device: undefined }, issuers: [], sessions: { idleMinutes: 30, absoluteHours: 8 } },
      ...{ publicUrl: 'http://127.0.0.1:8080', consoleCode: undefined, breakGlass: undefined, tokens: undefined },
    },
    proxies: [],
    now,
    random: randomBytes,
    log: logger('api'),
    version,
  });
  to.write(`${JSON.stringify(documentOf(app, version), null, 2)}\n`);
  await app.close();
}
