import { setTimeout } from 'node:timers/promises';
import { generateKeyPair, SignJWT, UnsecuredJWT } from 'jose';
import type { Event } from '#events';
import { type LocalIssuer, startIssuer } from '../issuer.js';
import { attempt } from './attempt.js';
import { openPolicy } from './policies.js';
import { startWorld, type World } from './world.js';

describe('at the wire, a token', () => {
  let world: World;
  let issuer: LocalIssuer;
  beforeAll(async () => {
    issuer = await startIssuer();
    const entry = { issuer: issuer.url, audience: 'sallyport', algorithms: ['ES256'], authorizedParties: ['runner'] };
    world = await startWorld({ policy: openPolicy, issuers: [entry] });
  }, 60_000);
  afterAll(async () => {
    await world.stop();
    await issuer.stop();
  }, 30_000);

  /** Every attempt comes from an address of its own: nobody is slowed down for what another did. */
  let addresses = 0;
  const from = (): string => `127.1.${addresses >> 8}.${addresses++ & 255}`;
  const good = { sub: 'bot', groups: ['agents'], azp: 'runner' };
  const now = Math.floor(Date.now() / 1000);
  const bad: Readonly<Record<string, () => Promise<string> | string>> = {
    malformed: () => 'hunter2',
    'too-long': () => 'x'.repeat(20_000),
    encrypted: () => 'a.b.c.d.e',
    algorithm: () => new UnsecuredJWT({ ...good, iss: issuer.url, aud: 'sallyport' }).encode(),
    'key-in-header': () => issuer.sign(good, { jku: 'https://attacker.example/keys' }),
    issuer: () => issuer.sign({ ...good, iss: 'https://elsewhere.example' }),
    key: () => issuer.sign(good, { kid: 'two' }),
    signature: async () => {
      const { privateKey } = await generateKeyPair('ES256');
      const claims = { ...good, iss: issuer.url, aud: 'sallyport', exp: now + 3600 };
      return new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: 'one' }).sign(privateKey);
    },
    audience: () => issuer.sign({ ...good, aud: 'console' }),
    'authorized-party': () => issuer.sign({ ...good, azp: 'stranger' }),
    expired: () => issuer.sign({ ...good, exp: now - 60 }),
    type: () => issuer.sign(good, { typ: 'logout+jwt' }),
    claims: () => issuer.sign({ ...good, sub: '' }),
    'service-token': () => `spt_${'0'.repeat(16)}_${'0'.repeat(64)}`,
    'service-token-revoked': async () => {
      const token = await world.token('bot', ['agents']);
      await world.revoke(token);
      return token;
    },
  };

  const refusals = async (): Promise<Map<string, Extract<Event, { type: 'session.refused' }>['data']>> => {
    const { events } = await world.record();
    return new Map(events.flatMap((event) => (event.type === 'session.refused' ? [[event.session, event.data]] : [])));
  };

  it('that is bad is refused in one way, whatever is wrong with it; the record says what', async () => {
    const told = new Map<string, string>();
    for (const [code, make] of Object.entries(bad)) {
      const { fault } = await attempt(world, { user: 'bot', password: await make(), from: from() });
      const session = /at session ([0-9a-f-]{36})\.$/.exec(fault.hint ?? '')?.[1] ?? '';
      told.set(session, code);
      expect({ ...fault, hint: fault.hint?.replace(session, 'S') }).toEqual({
        severity: 'FATAL',
        code: '28P01',
        message: 'password authentication failed for user "bot"',
        hint: 'The reason is on record, at session S.',
      });
      await world.connect('bot', await issuer.sign(good)).then((client) => client.end()); // who can log in does not guess
    }
    await setTimeout(100); // what nobody waits for lingers that long
    const recorded = await refusals();
    for (const [session, code] of told) {
      const { stage, sqlstate, refusal, reason } = recorded.get(session) ?? {};
      expect({ stage, sqlstate, refusal }).toEqual({ stage: 'authentication', sqlstate: '28P01', refusal: code });
      expect(reason).not.toMatch(/password authentication failed/);
    }
  });

  it('is refused after the same time, whatever is wrong with it', async () => {
    const medians: Record<string, number> = {};
    for (const code of ['malformed', 'algorithm', 'key', 'signature', 'expired', 'service-token']) {
      const times: number[] = [];
      for (let round = 0; round < 7; round++) {
        const password = (await bad[code]?.()) ?? '';
        times.push((await attempt(world, { user: `${code}${round}`, password, from: from() })).ms);
      }
      medians[code] = times.sort((a, b) => a - b)[3] ?? 0;
    }
    const all = Object.values(medians);
    expect(Math.min(...all)).toBeGreaterThan(98);
    expect(Math.max(...all) - Math.min(...all)).toBeLessThan(10);
  });

  it('that is guessed again and again is looked at later and later; its owner, elsewhere, is not kept out', async () => {
    const guess = { user: 'owner', password: 'guess', from: '127.2.0.1' };
    const times: number[] = [];
    for (let i = 0; i < 8; i++) times.push((await attempt(world, guess)).ms);
    expect(times.slice(0, 5).every((ms) => ms < 250)).toBe(true);
    expect(times.slice(5).map((ms, i) => ms >= 180 * 2 ** i)).toEqual([true, true, true]);
    const began = performance.now();
    const client = await world.connect('owner', await world.token('owner', ['agents']));
    expect(performance.now() - began).toBeLessThan(1_900);
    await client.end();
    await setTimeout(100);
    const { events } = await world.record();
    const slowed = events.flatMap((event) => (event.type === 'login.throttled' ? [event.data] : []));
    expect(slowed.filter(({ source }) => source.address === '127.2.0.1').map(({ delayMs }) => delayMs)).toEqual([
      250, 500, 1000, 2000,
    ]);
    expect(slowed.filter(({ source }) => source.user === 'owner').map(({ delayMs }) => delayMs)).toEqual([250, 500, 1000]);
  });

  it('that is never given leaves a session on record as refused, not as open', async () => {
    await expect(attempt(world, { user: 'shy', from: from() })).rejects.toThrow('closed without a word');
    await setTimeout(200);
    const { events } = await world.record();
    const opened = events.find((event) => event.type === 'session.opened' && event.data.user === 'shy');
    expect((await refusals()).get(opened?.session ?? '')).toEqual({
      stage: 'authentication',
      sqlstate: '08006',
      reason: 'the client hung up',
    });
  });
});
