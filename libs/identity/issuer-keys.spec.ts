import { AuthenticationFailed, Authenticator, type Issuer } from '#identity';
import { Forger } from './fixtures/forger.js';

const start = Date.UTC(2030, 0, 1);
const perSecond = 200;

/** Issuers of one name: what they publish comes from one of them after the other. */
const before = new Forger();
const after = new Forger();

const issuer: Issuer = {
  issuer: before.issuer,
  jwksUri: `${before.issuer}/keys`,
  audience: 'sallyport',
  algorithms: ['ES256'],
  claims: { subject: 'sub', groups: 'groups' },
  clockSkewSeconds: 30,
  keys: { refreshSeconds: 60, outageSeconds: 120, backoffSeconds: 30 },
};
const payload = { iss: before.issuer, aud: 'sallyport', sub: 'anna', exp: start / 1000 + 100 };
const tokenOf = (forger: Forger, kid: string, changed: object = {}): string =>
  forger.seal({ alg: 'ES256', kid }, { ...payload, ...changed });
const keysOf = (forger: Forger, kid: string): unknown => ({
  keys: forger.jwks.keys.filter((key) => key.kid === 'ec').map((key) => ({ ...key, kid })),
});

/** What becomes of as many logins as come in one second, all at once. */
async function second(authenticator: Authenticator, token: string, at: number): Promise<readonly string[]> {
  const outcomes = await Promise.all(
    Array.from({ length: perSecond }, (_, i) =>
      authenticator.authenticate(token, at + i * (1000 / perSecond)).then(
        () => 'let in',
        (error: unknown) => (error instanceof AuthenticationFailed ? error.code : String(error)),
      ),
    ),
  );
  return [...new Set(outcomes)];
}

describe("an issuer's keys", () => {
  it('are rotated amid logins: none of the new key is refused, none of the old one is let in once it is withdrawn', async () => {
    let published = keysOf(before, 'a');
    const authenticator = new Authenticator({
      issuers: [issuer],
      fetch: () => Promise.resolve(Response.json(published)),
    });
    const [old, young] = [tokenOf(before, 'a'), tokenOf(after, 'b')];
    expect(await second(authenticator, old, start)).toEqual(['let in']);
    expect(await second(authenticator, young, start + 1_000)).toEqual(['key']);
    published = keysOf(after, 'b');
    // The issuer was just asked in vain: it is asked again after a second.
    expect(await second(authenticator, young, start + 3_000)).toEqual(['let in']);
    expect(await second(authenticator, old, start + 4_000)).toEqual(['key']);
    expect(await second(authenticator, young, start + 5_000)).toEqual(['let in']);
  });

  it('may be published while others are fetched: who needs them waits for the next download', async () => {
    let published = keysOf(before, 'a');
    const answers: (() => void)[] = [];
    const fetch = (): Promise<Response> => {
      const answer = Response.json(published);
      return new Promise((resolve) => {
        answers.push(() => {
          resolve(answer);
        });
      });
    };
    const authenticator = new Authenticator({ issuers: [issuer], fetch });
    const first = authenticator.authenticate(tokenOf(before, 'a'), start);
    published = keysOf(after, 'b');
    const logins = second(authenticator, tokenOf(after, 'b'), start);
    answers.shift()?.();
    await first;
    for (let turns = 0; answers.length === 0 && turns < 100; turns++) await Promise.resolve();
    expect(answers.length).toBe(1);
    answers.shift()?.();
    expect(await logins).toEqual(['let in']);
  });

  it('under one name with another key are no match: the signature is refused', async () => {
    const authenticator = new Authenticator({
      issuers: [issuer],
      fetch: () => Promise.resolve(Response.json(keysOf(after, 'a'))),
    });
    expect(await second(authenticator, tokenOf(before, 'a'), start)).toEqual(['signature']);
  });

  it('are good through an outage as long as is configured; after it nobody is let in, and after that everybody again', async () => {
    let isDown = false;
    const authenticator = new Authenticator({
      issuers: [issuer],
      fetch: () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve(Response.json(keysOf(before, 'a')))),
    });
    const token = tokenOf(before, 'a', { exp: start / 1000 + 1000 });
    expect(await second(authenticator, token, start)).toEqual(['let in']);
    isDown = true;
    expect(await second(authenticator, token, start + 118_000)).toEqual(['let in']);
    expect(await second(authenticator, tokenOf(after, 'b'), start + 118_000)).toEqual(['key']);
    expect(await second(authenticator, token, start + 120_000)).toEqual(['issuer-unavailable']);
    isDown = false;
    expect(await second(authenticator, token, start + 151_000)).toEqual(['let in']);
  });

  it.each([
    ['ahead', 30, 'let in', 31, 'not-yet-valid'],
    ['behind', -30, 'expired', -29, 'let in'],
  ])('do not help a clock that is %s by more than the skew', async (_, less, expectedLess, more, expectedMore) => {
    const authenticator = new Authenticator({
      issuers: [issuer],
      fetch: () => Promise.resolve(Response.json(keysOf(before, 'a'))),
    });
    const at = (offset: number): string =>
      tokenOf(before, 'a', { nbf: start / 1000 + offset, exp: start / 1000 + (offset > 0 ? offset + 5 : offset) });
    expect(await second(authenticator, at(less), start)).toEqual([expectedLess]);
    expect(await second(authenticator, at(more), start)).toEqual([expectedMore]);
  });
});
