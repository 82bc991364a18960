import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import type pg from 'pg';
import { Journal, openSegmentLog } from '#event-log';
import { connect, PgClient, ServerRefused } from '#pgwire';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { openPolicy } from './policies.js';
import { closedRecording } from './recording.js';
import { startWorld, type World } from './world.js';

describe('a session', () => {
  let world: World;
  let issuer: LocalIssuer;
  beforeAll(async () => {
    issuer = await startIssuer();
    world = await startWorld({
      policy: openPolicy,
      issuers: [{ issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'], clockSkewSeconds: 0 }],
      oauth: { scope: 'openid db' },
    });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await issuer.stop();
  }, 30_000);

  const soon = (): number => Math.floor(Date.now() / 1000) + 2;
  const signed = (sub: string, more: object = {}): Promise<string> => issuer.sign({ sub, groups: ['agents'], ...more });
  /** What a client was told when its connection ended. */
  const farewell = async (client: pg.Client): Promise<string> => {
    const [error] = (await once(client, 'error')) as [Error & { code?: string }];
    return error.code ?? error.message;
  };
  const reason = async (user: string): Promise<unknown> => {
    const last = (await closedRecording(world, user)).at(-1)?.event;
    return last?.type === 'session.closed' ? last.data.reason : last?.type;
  };

  it('ends when its token expires: one that is idle at once, another when its statement is done', async () => {
    const exp = soon();
    const [idle, busy] = await Promise.all(
      ['idle', 'busy'].map(async (user) => world.connect(user, await signed(user, { exp }))),
    );
    const told = [idle, busy].map((client) => farewell(client as pg.Client));
    const { rows } = (await busy?.query("SELECT 'done' AS was FROM pg_sleep(3)")) ?? {};
    expect(Date.now()).toBeGreaterThan(exp * 1000);
    expect([rows, await Promise.all(told)]).toEqual([[{ was: 'done' }], ['28000', '28000']]);
    expect([await reason('idle'), await reason('busy')]).toEqual(['token-expired', 'token-expired']);
  });

  it('ends within two seconds when its service token is revoked, and what it runs is cancelled', async () => {
    const token = await world.token('fired', ['agents']);
    const client = await world.connect('fired', token);
    const running = client.query('SELECT pg_sleep(20)').catch((error: unknown) => error);
    await world.revoke(token);
    const began = Date.now();
    expect(await running).toMatchObject({ code: '28000' });
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(await reason('fired')).toBe('token-revoked');
    await expect(world.connect('fired', token)).rejects.toMatchObject({ code: '28P01' });
  });

  it('ends within two seconds when its token is revoked on record, and no other begins by it', async () => {
    const token = await signed('leaver', { jti: 'a-token' });
    const client = await world.connect('leaver', token);
    const told = farewell(client);
    const log = await openSegmentLog({ dir: join(world.dataDir, 'outbox', 'api'), segmentBytes: 1024 * 1024 });
    const journal = new Journal(log, { service: 'api', version: 'test', now: Date.now, random: randomBytes });
    await journal.start();
    const by = { issuer: issuer.url, subject: 'anna' };
    journal.add([{ type: 'token.revoked', data: { token: 'a-token', by } }], 'disk');
    await journal.flush();
    const began = Date.now();
    expect(await told).toBe('28000');
    expect(Date.now() - began).toBeLessThan(2_000);
    expect(await reason('leaver')).toBe('token-revoked');
    await expect(world.connect('leaver', token)).rejects.toMatchObject({ code: '28P01' });
    await (await world.connect('leaver', await signed('leaver', { jti: 'another' }))).end();
    await journal.stop('test');
    await log.close();
    await world.killProxy();
    await world.startProxy();
    await expect(world.connect('leaver', token)).rejects.toMatchObject({ code: '28P01' });
  });

  describe('by OAUTHBEARER', () => {
    const bearer = (user: string, token: string | undefined, more: Record<string, string> = {}) => ({
      ...{ host: '127.0.0.1', port: world.tap.port, user, bearer: token, database: 'app', connectTimeoutMs: 5_000 },
      tls: { mode: 'verify-full', ca: world.certificates.ca, servername: 'localhost' } as const,
      parameters: { options: '-c sallyport.auth=oauth', ...more },
    });

    it('begins with a token, and says on record how that was given', async () => {
      const client = await PgClient.connect(bearer('robot', await signed('robot')));
      expect((await client.query('SELECT 1')).rows).toEqual([['1']]);
      await client.close();
      const events = (await closedRecording(world, 'robot')).map(({ event }) => event);
      const who = events.flatMap((event) => (event.type === 'session.authenticated' ? [event.data] : []));
      expect(who.map(({ method, sasl, principal }) => [method, sasl, principal.subject])).toEqual([
        ['oidc', 'OAUTHBEARER', 'robot'],
      ]);
    });

    it('begins with a service token as well', async () => {
      const client = await PgClient.connect(bearer('nightly', await world.token('nightly', ['agents'])));
      await client.close();
    });

    it.each([
      ['a bad token', 'not-a-token', 'malformed'],
      ['none', '', 'oauth-discovery'],
    ])('is refused with %s, and told where to get another', async (_, token, refusal) => {
      const user = `bearer ${refusal}`;
      const error = await connect(bearer(user, token)).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(ServerRefused);
      const { fault, bearer: where } = error as ServerRefused;
      expect([fault.code, where]).toEqual([
        '28P01',
        { configuration: `${issuer.url}/.well-known/openid-configuration`, scope: 'openid db' },
      ]);
      await setTimeout(100); // what nobody waits for lingers that long
      const { events } = await world.record();
      const opened = events.find((event) => event.type === 'session.opened' && event.data.user === user);
      const found = events.find((event) => event.type === 'session.refused' && event.session === opened?.session);
      expect(found?.data).toMatchObject({ refusal, stage: 'authentication' });
    });

    it('is refused with a way to authenticate that is none', async () => {
      const options = bearer('bot', 'x', { options: '-c sallyport.auth=kerberos' });
      await expect(connect(options)).rejects.toMatchObject({ fault: { code: '42501' } });
    });
  });
});
