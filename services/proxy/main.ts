import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Journal, openOwnReader, openReader, openSegmentLog, randomPool, SegmentReader, startShipping } from '#event-log';
import { Authenticator, Revocations } from '#identity';
import { compile } from '#policy';
import { ConfigInvalid, loadConfig, loginSecret, serve } from '#runtime';
import { ChangeRecord, Credentials, settingsOf } from '#secrets';
import { SqlParser } from '#sql';
import { LocalTargetAccess } from './catalogs.js';
import { followControl } from './control.js';
import { HoldDesk } from './hold-desk.js';
import { Proxy } from './proxy.js';
import { Upstream } from './upstream.js';
import { closeUnfinished, readPast } from './recovery.js';
import { TokenWatch } from './token-watch.js';

const drainMs = 1_000;

await serve({
  name: 'proxy',
  start: async ({ log, config: file, version, fail }) => {
    const config = loadConfig(file, 'proxy', process.env);
    const source = readFileSync(config.policy);
    const compiled = compile(source, config.policy);
    if ('problems' in compiled)
      throw new ConfigInvalid(
        config.policy,
        compiled.problems.map(({ line, column, path, message }) => ({ line, column, key: path, reason: message })),
      );
    const { policy } = compiled;

    const outbox = await openSegmentLog({
      dir: join(config.dataDir, 'outbox', 'proxy'),
      segmentBytes: config.log.segmentMiB * 1024 * 1024,
      report: (error) => {
        log.error({ err: error }, 'the event log reports');
      },
    });
    const journal = new Journal(outbox, { service: 'proxy', version, now: Date.now, random: randomPool(randomBytes) });
    const client = { service: 'proxy', log };
    // With brokers configured what others write comes from Kafka alone. Its own past is on its own disk in either form.
    const pastReader = config.kafka ? openOwnReader(config, 'proxy') : openReader(config, client);
    // Its own log holds nothing that others decide, and grows with every statement.
    const controlReader = config.kafka
      ? openReader(config, client)
      : new SegmentReader({ dataDir: config.dataDir, except: ['proxy'] });
    const desk = new HoldDesk({ now: Date.now, random: randomBytes });
    const revocations = new Revocations();
    const past = await readPast(pastReader, outbox.log, {
      fold: (event) => {
        desk.follow(event);
        revocations.follow(event);
      },
      unreadable: (error, place) => {
        log.error({ err: error, ...place }, 'an event of another process cannot be read and has no effect');
      },
    });
    await journal.start(past.previous);
    const shipping = startShipping(config, client, fail);
    if (past.unfinished.size > 0) log.warn({ sessions: past.unfinished.size }, 'sessions of an earlier life are closed');
    closeUnfinished(journal, past.unfinished);
    // What became of the life before is on record before this one takes a session.
    await journal.flush();
    journal.add(
      [
        {
          type: 'policy.activated',
          data: { hash: policy.hash, source: config.policy },
          parts: [{ name: 'policy', bytes: [source] }],
        },
      ],
      'linger',
    );
    const control = followControl({
      reader: controlReader,
      consumer: `proxy ${outbox.log} control`,
      folds: [
        (event) => {
          desk.follow(event);
        },
        (event) => {
          revocations.follow(event);
        },
      ],
      // Kafka's one control topic is read from its beginning: it is small, and folding it again changes nothing.
      from: (_, partition) => (config.kafka ? 0 : (past.controlFrom.get(partition) ?? 0)),
      unreadable: (error, place) => {
        log.error({ err: error, ...place }, 'a control event cannot be read and has no effect');
      },
      failed: fail,
    });

    const changes = new ChangeRecord(join(config.dataDir, 'configuration', 'proxy.json'), (changed) =>
      journal.record(changed.map((data) => ({ type: 'configuration.changed', data: { service: 'proxy', ...data } }))),
    );
    const upstream = new Upstream({
      credentials: new Credentials({ secrets: config.secrets, env: process.env, nowMs: () => performance.now() }),
      log,
      used: (name, secret) => {
        changes.secret(name, secret).catch((error: unknown) => {
          log.error({ err: error, name }, 'that a secret has changed could not be recorded');
        });
      },
      connected: (data) => {
        journal.add([{ type: 'proxy.connected', data }], 'linger');
      },
    });
    const logins = config.targets.flatMap((target) => target.logins.map((login) => ({ target, login })));
    const passwords = logins.map(
      async ({ target, login }) => [loginSecret(target.name, login.name), await upstream.password(target, login)] as const,
    );
    await changes.started(
      settingsOf(config, { roles: { policy: policy.roles }, secrets: Object.fromEntries(await Promise.all(passwords)) }),
    );

    const access = new LocalTargetAccess(upstream, ({ target, database }, catalog) => {
      journal.add(
        [
          {
            type: 'catalog.observed',
            data: { target: target.name, database, databaseOid: catalog.snapshot.database.oid, hash: catalog.hash },
          },
        ],
        'linger',
      );
    });
    const parser = await SqlParser.start({
      report: (error) => {
        log.error({ err: error }, 'the SQL parser reports');
      },
    });
    const authenticator = new Authenticator({
      issuers: config.issuers,
      tokens: config.tokens,
      isRevoked: (id) => revocations.has(id),
    });
    const proxy = new Proxy({
      config,
      journal,
      policy,
      parser,
      access,
      upstream,
      log,
      holds: desk,
      authenticator,
      revocations,
    });
    const watch = new TokenWatch({
      authenticator,
      held: () => proxy.serviceTokens,
      revoked: (id) => {
        proxy.revoked(id);
      },
      log,
    });
    watch.start();
    const port = await proxy.listen();
    return {
      listening: { proxy: port },
      stop: [
        { name: 'drain sessions', deadlineMs: drainMs + 1_000, run: () => proxy.drain(AbortSignal.timeout(drainMs)) },
        {
          name: 'stop following votes and revocations',
          deadlineMs: 1_000,
          run: () => {
            watch.stop();
            return control.stop();
          },
        },
        {
          name: 'close the catalog and the parser',
          deadlineMs: 1_000,
          run: async () => {
            access.close();
            await parser.close();
          },
        },
        { name: 'write what is left', deadlineMs: 2_000, run: () => journal.stop('stopped') },
        { name: 'ship what is left', deadlineMs: 1_000, run: () => shipping.stop(500) },
        {
          name: 'close the log',
          deadlineMs: 1_000,
          run: async () => {
            await pastReader.close();
            await controlReader.close();
            await outbox.close();
          },
        },
      ],
    };
  },
});
