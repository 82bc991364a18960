import { createHmac } from 'node:crypto';
import { AuthenticationFailed, Authenticator, type Issuer, keyTimes, type Refusal } from '#identity';
import { Forger, type Said, segment } from './fixtures/forger.js';

const forger = new Forger();
const now = Date.UTC(2030, 0, 1);
const seconds = now / 1000;

const issuer: Issuer = {
  issuer: forger.issuer,
  audience: 'sallyport',
  authorizedParties: ['console', 'runner'],
  algorithms: ['ES256', 'RS256', 'EdDSA'],
  claims: { subject: 'sub', groups: 'groups' },
  clockSkewSeconds: 30,
  maxAgeSeconds: 3600,
};
const authenticator = new Authenticator({
  issuers: [
    issuer,
    { ...issuer, issuer: 'https://other.example', jwksUri: `${forger.issuer}/keys`, tokenType: { header: 'at+jwt' } },
  ],
  fetch: forger.fetch,
  isRevoked: (id) => id === 'revoked-id',
});

const head = { alg: 'ES256', kid: 'ec', typ: 'at+jwt' };
const body = {
  iss: forger.issuer,
  sub: 'anna',
  aud: 'sallyport',
  azp: 'console',
  exp: seconds + 900,
  iat: seconds - 10,
  jti: 'one',
  groups: ['approvers'],
};
const json = JSON.stringify;
const header = (changed: Readonly<Record<string, unknown>>, by?: 'ec' | 'rsa' | 'ed'): string =>
  forger.seal({ ...head, ...changed }, body, by);
const claims = (changed: Readonly<Record<string, unknown>>): string => forger.seal(head, { ...body, ...changed });
const raw = (payload: string): string => forger.seal(head, payload);
const good = forger.seal(head, body);
const [goodHeader = '', goodPayload = '', goodSignature = ''] = good.split('.');
const hmac = (said: Said, secret: string | Buffer): string => {
  const signed = `${segment(said)}.${goodPayload}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
};
const [pem = Buffer.alloc(0), der = Buffer.alloc(0)] = forger.publicKeys;
const ownKey = { kty: 'oct', k: 'AAAA' };

const bad: readonly (readonly [Refusal, string, string])[] = [
  // No JWT at all, or one that two readers could take for two.
  ['malformed', 'nothing', ''],
  ['malformed', 'a password', 'hunter2'],
  ['malformed', 'two dots', '..'],
  ['malformed', 'words between dots', 'a.b.c'],
  ['malformed', 'two segments', `${goodHeader}.${goodPayload}`],
  ['malformed', 'four segments', `${good}.x`],
  ['malformed', 'a JWS in JSON', json({ protected: goodHeader, payload: goodPayload, signature: goodSignature })],
  ['malformed', 'padding', `${goodHeader}=.${goodPayload}.${goodSignature}`],
  ['malformed', 'a line break', `${goodHeader}.${goodPayload}\n.${goodSignature}`],
  ['malformed', 'the alphabet of plain base64', good.replace(goodHeader, `${goodHeader}+/`)],
  ['malformed', 'a second spelling of the last bits', `${good.slice(0, -1)}${goodSignature.endsWith('B') ? 'C' : 'B'}`],
  ['malformed', 'a space before it', ` ${good}`],
  ['malformed', 'a scheme before it', `Bearer ${good}`],
  ['malformed', 'a header that is a list', forger.seal('[]', body)],
  ['malformed', 'a payload that is null', raw('null')],
  ['malformed', 'a payload that is a text', raw('"anna"')],
  ['malformed', 'a payload that is cut', raw(json(body).slice(0, -1))],
  ['malformed', 'a payload with something behind it', raw(`${json(body)}{}`)],
  ['malformed', 'a payload with a byte order mark', raw(`\ufeff${json(body)}`)],
  ['malformed', 'a payload that is no UTF-8', `${goodHeader}.${Buffer.from([0x7b, 0xff, 0x7d]).toString('base64url')}.AAAA`],
  ['malformed', 'a comment in the payload', raw(`${json(body)}//`)],
  ['duplicate-member', 'alg twice in the header', forger.seal(`{"alg":"none",${json(head).slice(1)}`, body)],
  ['duplicate-member', 'a subject twice', raw(`{"sub":"admin",${json(body).slice(1)}`)],
  ['duplicate-member', 'a subject twice, once in escapes', raw(`{"\\u0073ub":"admin",${json(body).slice(1)}`)],
  ['duplicate-member', 'an audience twice', raw(`${json(body).slice(0, -1)},"aud":"sallyport"}`)],
  [
    'duplicate-member',
    'a member twice further down',
    raw(`${json(body).slice(0, -1)},"realm_access":{"roles":[],"roles":["a"]}}`),
  ],
  ['too-long', 'a claim of 20 kB', claims({ padding: 'x'.repeat(20_000) })],
  ['too-long', 'a megabyte', 'x'.repeat(1024 * 1024)],
  ['too-deep', 'lists in lists', raw(`${json(body).slice(0, -1)},"x":${'['.repeat(5000)}${']'.repeat(5000)}}`)],
  ['too-deep', 'objects in objects, without an end', raw(`${json(body).slice(0, -1)},"x":${'{"a":'.repeat(17)}`)],
  ['too-deep', 'a deep header', forger.seal(`{"alg":"ES256","x":${'['.repeat(20)}${']'.repeat(20)}}`, body)],
  ['encrypted', 'a JWE', 'eyJhbGciOiJSU0EtT0FFUCIsImVuYyI6IkEyNTZHQ00ifQ.a.b.c.d'],
  ['encrypted', 'enc in the header of a JWS', header({ enc: 'A256GCM' })],
  ['encrypted', 'zip in the header', header({ zip: 'DEF' })],
  ['nested', 'a token in a token', header({ cty: 'JWT' })],
  ['nested', 'content of another type', header({ cty: 'json' })],

  // Which key, which algorithm.
  ['algorithm', 'no algorithm', forger.seal({ kid: 'ec' }, body)],
  ['algorithm', 'alg none', `${segment({ alg: 'none' })}.${goodPayload}.`],
  ['algorithm', 'alg none, in capitals', `${segment({ alg: 'NoNe', kid: 'ec' })}.${goodPayload}.`],
  ['algorithm', 'alg none with a signature', header({ alg: 'none' })],
  ['algorithm', 'an algorithm that is a list', header({ alg: ['ES256'] })],
  ['algorithm', 'HS256 with the RSA key in PEM', hmac({ alg: 'HS256', kid: 'rsa' }, pem)],
  ['algorithm', 'HS256 with the RSA key in DER', hmac({ alg: 'HS256', kid: 'rsa' }, der)],
  ['algorithm', 'HS256 with an empty secret', hmac({ alg: 'HS256', kid: 'ec' }, '')],
  ['algorithm', 'an algorithm that is not allowed', header({ alg: 'ES384' })],
  ['algorithm', 'an algorithm in small letters', header({ alg: 'es256' })],
  ['key', 'a key that is not published', header({ kid: 'stranger' })],
  ['key', 'a key of another algorithm', header({ kid: 'rsa' })],
  ['key', 'the RSA key under the name of the EC key', header({ alg: 'RS256', kid: 'ec' }, 'rsa')],
  ['key', 'a key for encryption', header({ alg: 'RS256', kid: 'rsa-enc' }, 'rsa')],
  ['key', 'a key whose operations do not include this one', header({ alg: 'EdDSA', kid: 'wrap' }, 'ed')],
  ['key', 'a kid that is a path', header({ kid: '../../../../dev/null' })],
  ['key', 'a kid that is SQL', header({ kid: "' UNION SELECT 'AAAA" })],
  ['key', 'a kid that is an address', header({ kid: 'https://attacker.example/key' })],
  ['key', 'a kid that is a number', header({ kid: 1 })],
  ['key', 'a kid that is an object', header({ kid: { ec: true } })],
  ['key', 'a kid that is empty', header({ kid: '' })],
  ['key', 'a kid that is long', header({ kid: 'k'.repeat(300) })],
  ['key', 'a kid out of the prototype', header({ kid: '__proto__' })],
  ['key-in-header', 'jku', header({ jku: 'https://attacker.example/keys' })],
  ['key-in-header', "jku of the issuer's own", header({ jku: `${forger.issuer}/keys` })],
  ['key-in-header', 'x5u', header({ x5u: 'https://attacker.example/cert' })],
  ['key-in-header', 'x5c', header({ x5c: ['MIIB'] })],
  ['key-in-header', 'jwk', header({ jwk: ownKey, kid: undefined })],
  ['critical', 'crit', header({ crit: ['exp'] })],
  ['critical', 'crit that is empty', header({ crit: [] })],
  ['critical', 'a payload that is not encoded', header({ b64: false, crit: ['b64'] })],
  ['critical', 'b64 without crit', header({ b64: false })],

  // Signatures.
  ['signature', 'no signature', `${goodHeader}.${goodPayload}.`],
  ['signature', 'a signature of zeros', `${goodHeader}.${goodPayload}.${Buffer.alloc(64).toString('base64url')}`],
  ['signature', 'a signature that is short', `${goodHeader}.${goodPayload}.AAAA`],
  ['signature', 'a stranger', new Forger().seal(head, body)],
  ['signature', 'a signature over another payload', `${goodHeader}.${segment(json({ ...body, sub: 'admin' }))}.${goodSignature}`],
  ['signature', 'a signature over another header', `${segment({ ...head, typ: 'JWT' })}.${goodPayload}.${goodSignature}`],
  ['signature', 'the RSA key where its header says EC', header({}, 'rsa')],

  // For whom, from whom, when.
  ['issuer', 'another issuer', claims({ iss: 'https://elsewhere.example' })],
  ['issuer', 'no issuer', claims({ iss: undefined })],
  ['issuer', 'an issuer with a slash more', claims({ iss: `${forger.issuer}/` })],
  ['issuer', 'issuers in a list', claims({ iss: [forger.issuer] })],
  ['issuer', 'service tokens as the issuer', claims({ iss: 'sallyport' })],
  ['audience', 'another audience', claims({ aud: 'console' })],
  ['audience', 'no audience', claims({ aud: undefined })],
  ['audience', 'no audiences', claims({ aud: [] })],
  ['audience', 'a part of the audience', claims({ aud: 'sally' })],
  ['audience', 'more than the audience', claims({ aud: 'sallyport-staging' })],
  ['audience', 'the audience in capitals', claims({ aud: 'SALLYPORT' })],
  ['audience', 'audiences that are not all texts', claims({ aud: ['sallyport', 1] })],
  ['audience', 'an audience that is an object', claims({ aud: { sallyport: true } })],
  ['authorized-party', 'another client', claims({ azp: 'stranger' })],
  ['authorized-party', 'no client', claims({ azp: undefined })],
  ['authorized-party', 'two clients of which one is a stranger', claims({ client_id: 'stranger' })],
  ['authorized-party', 'a client in a list', claims({ azp: ['console'] })],
  ['expired', 'an end that is past', claims({ exp: seconds - 31 })],
  ['expired', 'an end at the beginning of time', claims({ exp: 0 })],
  ['claims', 'no end', claims({ exp: undefined })],
  ['claims', 'an end that is a text', claims({ exp: `${seconds + 900}` })],
  ['claims', 'an end that never comes', raw(json(body).replace(/"exp":\d+/, '"exp":1e400'))],
  ['claims', 'an end beyond all dates', claims({ exp: 1e300 })],
  ['claims', 'an end that is null', claims({ exp: null })],
  ['not-yet-valid', 'a beginning to come', claims({ nbf: seconds + 31 })],
  ['claims', 'a beginning that is a text', claims({ nbf: '0' })],
  ['issued-in-future', 'an issue to come', claims({ iat: seconds + 31 })],
  ['too-old', 'an issue long ago', claims({ iat: seconds - 3631 })],
  ['claims', 'no issue where an age is asked for', claims({ iat: undefined })],
  ['claims', 'an issue before all dates', claims({ iat: -1 })],
  ['claims', 'an id that is a number', claims({ jti: 7 })],
  ['revoked', 'an id that was revoked', claims({ jti: 'revoked-id' })],

  // Which kind.
  ['type', 'a logout token', header({ typ: 'logout+jwt' })],
  ['type', 'a proof of possession', header({ typ: 'dpop+jwt' })],
  ['type', 'a type that is a number', header({ typ: 1 })],
  ['type', 'a refresh token of Keycloak', claims({ typ: 'Refresh' })],
  ['type', 'an ID token of Keycloak', claims({ typ: 'ID' })],
  ['type', 'an ID token of Cognito', claims({ token_use: 'id' })],
  ['type', 'an ID token by its nonce', claims({ nonce: 'n' })],
  ['type', 'an ID token by its hash', claims({ at_hash: 'h' })],
  ['type', 'a security event', claims({ events: {} })],
  ['type', 'a plain JWT where the issuer types its access tokens', forger.seal({ ...head, typ: 'JWT' }, { ...body, iss: 'https://other.example' })], // prettier-ignore
  ['sender-constrained', 'a token bound to a key', claims({ cnf: { jkt: 'x' } })],
  ['sender-constrained', 'a token bound to a certificate', claims({ cnf: { 'x5t#S256': 'x' } })],

  // Who.
  ['claims', 'no subject', claims({ sub: undefined })],
  ['claims', 'an empty subject', claims({ sub: '' })],
  ['claims', 'a subject that is a number', claims({ sub: 0 })],
  ['claims', 'a subject with a NUL', claims({ sub: 'anna\0' })],
  ['claims', 'a subject of two lines', claims({ sub: 'anna\nadmin' })],
  ['claims', 'groups that are no texts', claims({ groups: [{ name: 'admins' }] })],
  ['claims', 'groups in groups', claims({ groups: [['admins']] })],
  ['claims', 'groups that are an object', claims({ groups: { admins: true } })],
  ['groups-overage', 'groups that are elsewhere', claims({ groups: undefined, _claim_names: { groups: 'src1' } })],
  ['groups-overage', 'groups that are said to be', claims({ groups: undefined, hasgroups: true })],
];

describe('a bad token', () => {
  const outcome = (secret: string): Promise<string> =>
    authenticator.authenticate(secret, now).then(
      ({ principal }) => `let in: ${principal.subject}`,
      (error: unknown) => (error instanceof AuthenticationFailed ? error.code : String(error)),
    );

  it('differs from one that is good', async () => {
    expect(bad.length).toBeGreaterThanOrEqual(60);
    expect(new Set(bad.map(([, , token]) => token)).size).toBe(bad.length);
    expect(await outcome(good)).toBe('let in: anna');
  });

  it.each(bad)('is refused as %s: %s', async (code, _, token) => {
    expect(await outcome(token)).toBe(code);
  });

  it.each([
    ['ends within the skew', { exp: seconds - 29 }],
    ['begins within the skew', { nbf: seconds + 29 }],
    ['was issued by a clock that is ahead', { iat: seconds + 29 }],
    ['has fractions of seconds', { exp: seconds + 900.5, iat: seconds - 0.5 }],
    ['is for several audiences', { aud: ['account', 'sallyport'] }],
    ['has members of one name in different objects', { a: { x: 1 }, b: [{ x: 1 }, { x: 1 }] }],
    ['has braces, quotes and commas in its texts', { a: '{"sub":"x","sub":"y"}', b: '\\"{[', 'c,"': ['}'] }],
    ['has no id', { jti: undefined }],
  ])('is not what %s', async (_, changed) => {
    expect(await outcome(claims(changed))).toBe('let in: anna');
  });

  it('has nobody asked but the issuer that is configured, whatever addresses it names', () => {
    expect([...new Set(forger.asked)]).toEqual([`${forger.issuer}/.well-known/openid-configuration`, `${forger.issuer}/keys`]);
  });

  it('that names ever new keys has its issuer asked less and less often', async () => {
    const asking = new Forger();
    const one = new Authenticator({ issuers: [issuer], fetch: asking.fetch });
    for (let second = 0; second < 300; second++)
      await one.authenticate(asking.seal({ ...head, kid: `k${second}` }, body), now + second * 1000).catch(() => undefined);
    // At 0, 0, 1, 3, 7, 15, 31 and 61 s, and then every 30 s; each time for two documents.
    expect(asking.asked.length / 2).toBeLessThan(20);
    expect(keyTimes.backoffSeconds).toBe(30);
  });
});
