import 'reflect-metadata';
import { scryptSync } from 'node:crypto';
import { Rig } from '../fixtures/rig.js';

const password = 'correct horse battery staple';
const salt = Buffer.alloc(16, 1);
const hashed = scryptSync(password, salt, 32, { N: 2 ** 10, r: 8, p: 1 });
const passwordHash = `scrypt:10:8:1:${salt.toString('base64url')}:${hashed.toString('base64url')}`;

const logIn = (rig: Rig, guess: string) => rig.ask(undefined, 'POST', 'login/break-glass', { password: guess });
const events = async (rig: Rig, type: string) =>
  (await rig.record()).filter((event) => event.type === type).map(({ data }) => data);

describe('the local admin', () => {
  it('is nobody where none is configured', async () => {
    const rig = await Rig.start();
    try {
      expect(await logIn(rig, '')).toMatchObject({ status: 400 });
      expect(await logIn(rig, password)).toMatchObject({ status: 401, body: { code: 'login-refused' } });
      expect((await rig.ask(undefined, 'GET', 'login/ways')).body).toMatchObject({ breakGlass: false });
    } finally {
      await rig.stop();
    }
  });

  describe('where one is', () => {
    let rig: Rig;
    beforeEach(async () => {
      rig = await Rig.start({ logins: { breakGlass: passwordHash } });
    });
    afterEach(() => rig.stop());

    it('has every role and no group, and each use is on record and in the log', async () => {
      expect(await logIn(rig, password)).toMatchObject({
        ...{ status: 200, body: { subject: 'break-glass', groups: [], method: 'break-glass' } },
      });
      expect(await events(rig, 'login.succeeded')).toEqual([
        { by: { issuer: 'sallyport', subject: 'break-glass' }, method: 'break-glass', address: '127.0.0.1' },
      ]);
      expect(rig.logged.join('')).toContain('the glass was broken');
    });

    it('is guessed at slower and slower, which is on record', async () => {
      for (let i = 0; i < 5; i++) expect(await logIn(rig, 'guess')).toMatchObject({ status: 401 });
      const began = performance.now();
      expect(await logIn(rig, 'guess')).toMatchObject({ status: 401 });
      expect(performance.now() - began).toBeGreaterThan(240);
      const source = [{ address: '127.0.0.1' }, { user: 'break-glass' }];
      expect(await events(rig, 'login.throttled')).toEqual(
        [5, 6].flatMap((failures) => source.map((source) => ({ source, failures, delayMs: 250 * 2 ** (failures - 5) }))),
      );
      expect(await logIn(rig, password)).toMatchObject({ status: 200 });
    });

    it('keeps nobody waiting who has a good token', async () => {
      const bad = { authorization: 'Bearer spt_wrong' };
      const guess = () => rig.ask(undefined, 'GET', 'sessions', undefined, bad);
      for (let i = 0; i < 5; i++) await guess();
      const guesses = Array.from({ length: 30 }, guess);
      expect(await Promise.race([...guesses.slice(0, 1), rig.get('viewer', 'sessions')])).toMatchObject({ status: 200 });
      const statuses = (await Promise.all(guesses)).map(({ status }) => status);
      expect(new Set(statuses)).toEqual(new Set([401, 429]));
    });
  });
});
