import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { NestExpressApplication } from '@nestjs/platform-express';
import { ClickHouse } from '#clickhouse';
import { Journal, openOwnReader, openReader, openSegmentLog, readPredecessor, startShipping } from '#event-log';
import { Authenticator, knowingOwnKeys, Revocations, TokenIssuer } from '#identity';
import { type Config, loadConfig, serve } from '#runtime';
import { ChangeRecord, settingsOf } from '#secrets';
import { createApplication } from './application.js';
import { LogFollower } from './log/follower.js';
import { printOpenApi } from './openapi.js';
import { publicUrlOf } from './public-url.js';
import { Tails } from './tail/tails.js';

/** Ends the application; who is not answered by then is hung up on. */
async function closeWithin(ms: number, app: NestExpressApplication): Promise<void> {
  const server = app.getHttpServer();
  const hangUp = setTimeout(() => {
    server.closeAllConnections();
  }, ms);
  await app.close();
  clearTimeout(hangUp);
}

/** Undefined where no tokens are to be given out. The configuration was checked: whoever gives them out is one of its issuers. */
async function openTokenIssuer({ issuers, api }: Config<'api'>): Promise<TokenIssuer | undefined> {
  const own = issuers.find(({ kind }) => kind === 'own');
  return api.tokens && own && TokenIssuer.open({ issuer: own.issuer, audience: own.audience, keyFile: api.tokens.keyFile });
}

if (process.argv[2] === 'openapi') await printOpenApi(process.stdout);
else
  await serve({
    name: 'api',
    start: async ({ log, config: file, version, fail }) => {
      const config = loadConfig(file, 'api', process.env);
      const { api, dataDir, issuers, tokens, clickhouse: where, log: logConfig } = config;
      const client = { service: 'api', log };
      const outbox = await openSegmentLog({
        dir: join(dataDir, 'outbox', 'api'),
        segmentBytes: logConfig.segmentMiB * 1024 * 1024,
        report: (error) => {
          log.error({ err: error }, 'the event log reports');
        },
      });
      const journal = new Journal(outbox, { service: 'api', version, now: Date.now, random: randomBytes });
      const reader = openReader(config, client);
      const clickhouse = ClickHouse.at({ ...where, password: where.password.reveal() });
      const tokenIssuer = await openTokenIssuer(config);
      const revocations = new Revocations();
      const app = await createApplication({
        reader,
        journal,
        ownLog: outbox.log,
        authenticator: new Authenticator({
          ...{ issuers, tokens, isRevoked: (id) => revocations.has(id) },
          ...(tokenIssuer && { fetch: knowingOwnKeys(tokenIssuer, fetch) }),
        }),
        revocations,
        clickhouse,
        roles: api.roles,
        logins: {
          ...{ login: api.login, issuers, sessions: api.sessions, publicUrl: publicUrlOf(api) },
          consoleCode: api.consoleCode?.reveal(),
          breakGlass: api.breakGlass?.passwordHash.reveal(),
          tokens: tokenIssuer && { issuer: tokenIssuer, ttlSeconds: api.tokens?.ttlSeconds ?? 0 },
        },
        proxies: api.proxies,
        now: Date.now,
        random: randomBytes,
        log,
        version,
      });
      const follower = app.get(LogFollower);
      const caughtUp = await follower.catchUp();
      // In Kafka a partition tells nothing of who wrote to it.
      await journal.start(config.kafka ? await readPredecessor(openOwnReader(config, 'api')) : caughtUp);
      const changes = new ChangeRecord(join(dataDir, 'configuration', 'api.json'), (changed) =>
        journal.record(changed.map((data) => ({ type: 'configuration.changed', data: { service: 'api', ...data } }))),
      );
      await changes.started(settingsOf(config));
      const shipping = startShipping(config, client, fail);
      const stopping = new AbortController();
      const following = follower.follow(stopping.signal).catch(fail);
      await app.listen(api.port, api.host);
      const { port } = app.getHttpServer().address() as AddressInfo;
      return {
        listening: { api: port },
        // Each is done in some ms, and has as long as a busy machine may hold it up.
        stop: [
          { name: 'end live tails', deadlineMs: 1_000, run: () => app.get(Tails).close() },
          { name: 'answer what was asked', deadlineMs: 2_000, run: () => closeWithin(300, app) },
          {
            name: 'stop following the log',
            deadlineMs: 1_000,
            run: async () => {
              stopping.abort();
              await following;
            },
          },
          { name: 'write what is left', deadlineMs: 2_000, run: () => journal.stop('stopped') },
          { name: 'ship what is left', deadlineMs: 1_500, run: () => shipping.stop(300) },
          {
            name: 'close the log and ClickHouse',
            deadlineMs: 1_000,
            run: async () => {
              await reader.close();
              await outbox.close();
              await clickhouse.close();
            },
          },
        ],
      };
    },
  });
