import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { Authenticator } from '#identity';
import { loadConfig } from '#runtime';

const pages = readdirSync('docs/identity').filter((name) => name !== 'README.md');

/** The contents of a page's fenced blocks in this language, in their order. */
const blocks = (page: string, language: string): string[] =>
  [...readFileSync(join('docs/identity', page), 'utf8').matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, block = '']) => block,
  );

describe('a page on an issuer', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'pages-'));
    for (const name of ['cert.pem', 'key.pem', 'policy.yml', 'password']) writeFileSync(join(folder, name), 'x');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  const issuersOf = (page: string) => {
    const file = join(folder, 'sallyport.yml');
    const [entry = ''] = blocks(page, 'yaml');
    const rest = `
dataDir: data
listen: { tls: { cert: cert.pem, key: key.pem } }
targets:
  - { name: a, host: h, databases: [d], logins: [{ name: l, password: { file: password } }], catalog: { login: l } }
policy: policy.yml
`;
    writeFileSync(file, `${entry}${rest}`);
    return loadConfig(file, 'proxy', {}).issuers;
  };

  it('is there for seven of them', () => {
    expect(pages).toEqual([
      ...['auth0.md', 'entra.md', 'github-actions.md', 'gitlab-ci.md', 'keycloak.md', 'kubernetes.md', 'okta.md'],
    ]);
  });

  it.each(pages)('%s shows an entry by which the token that it shows is the principal that it shows', async (page) => {
    const issuers = issuersOf(page);
    const [payload, principal] = blocks(page, 'json').map((text) => JSON.parse(text) as JWTPayload);
    const { publicKey, privateKey } = await generateKeyPair('RS256');
    const keys = [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'RS256', use: 'sig' }];
    const asked: string[] = [];
    const authenticator = new Authenticator({
      issuers,
      fetch: (url) => {
        asked.push(url);
        const configuration = { issuer: payload?.iss, jwks_uri: 'https://keys.example/keys' };
        return Promise.resolve(Response.json(url.endsWith('/openid-configuration') ? configuration : { keys }));
      },
    });
    const token = await new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: 'k', typ: 'JWT' }).sign(privateKey);
    const at = (payload?.iat ?? 0) * 1000 + 1000;
    const who = await authenticator.authenticate(token, at);
    expect(who.principal).toEqual(principal);
    expect(asked[0]).toBe(issuers[0]?.jwksUri ?? `${(payload?.iss ?? '').replace(/\/$/, '')}/.well-known/openid-configuration`);
  });
});
