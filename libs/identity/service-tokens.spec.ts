import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationFailed, Authenticator, ServiceTokens, TokenFileBusy } from '#identity';

describe('ServiceTokens', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tokens-'));
    file = join(folder, 'tokens.json');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const now = Date.UTC(2030, 0, 1);
  const nightly = { name: 'nightly', groups: ['pipelines'], ttlMs: 60_000 };
  const refusal = (who: Promise<unknown>): Promise<unknown> =>
    who.then(
      () => 'let in',
      (error: unknown) => (error instanceof AuthenticationFailed ? error.code : error),
    );

  it('lets in who was given a token, until it expires', async () => {
    const { id, token } = await new ServiceTokens(file).create(nightly, now);
    const authenticator = new Authenticator({ issuers: [], tokens: { file } });
    expect(await authenticator.authenticate(token, now + 59_999)).toEqual({
      actors: [],
      claims: { groups: ['pipelines'], kind: 'service', sub: 'nightly' },
      run: {},
      expires: now + 60_000,
      method: 'service-token',
      principal: { groups: ['pipelines'], issuer: 'sallyport', kind: 'service', subject: 'nightly' },
      tokenId: id,
    });
    expect(await refusal(authenticator.authenticate(token, now + 60_000))).toBe('service-token-expired');
  });

  it('keeps no token, only its hash, in a file for its owner alone', async () => {
    const { id, token } = await new ServiceTokens(file).create(nightly, now);
    expect(readFileSync(file, 'utf8')).not.toContain(token.slice(`spt_${id}_`.length));
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('refuses a token as soon as another process revoked it', async () => {
    const { id, token } = await new ServiceTokens(file).create(nightly, now);
    const reader = new ServiceTokens(file);
    await reader.authenticate(token, now);
    expect(await new ServiceTokens(file).revoke(id, now)).toBe(true);
    expect(await refusal(reader.authenticate(token, now))).toBe('service-token-revoked');
    expect(await reader.revoke(id, now)).toBe(false);
  });

  it.each([
    ['an unknown id', (token: string) => token.replace(/^spt_.{16}/, `spt_${'0'.repeat(16)}`)],
    ['another secret of a known id', (token: string) => `${token.slice(0, -64)}${'0'.repeat(64)}`],
    ['something appended', (token: string) => `${token}0`],
    ['nothing behind the prefix', () => 'spt_'],
  ])('refuses %s', async (_, forge) => {
    const tokens = new ServiceTokens(file);
    const { token } = await tokens.create(nightly, now);
    expect(await refusal(tokens.authenticate(forge(token), now))).toBe('service-token');
  });

  it('lists what there is, without hashes being of use to anyone', async () => {
    const tokens = new ServiceTokens(file);
    const { id } = await tokens.create({ ...nightly, kind: 'agent' }, now);
    const [{ sha256, ...listed } = { sha256: '' }] = await tokens.list();
    expect(sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(listed).toEqual({ created: now, expires: now + 60_000, groups: ['pipelines'], id, kind: 'agent', name: 'nightly' });
  });

  it('refuses all when the file is not what was written, and says which of the two it is', async () => {
    const tokens = new ServiceTokens(file);
    const { token } = await tokens.create(nightly, now);
    writeFileSync(file, '{"v":1,"tokens":');
    expect(await refusal(tokens.authenticate(token, now))).toBe('service-tokens-unreadable');
  });

  it('knows nobody when there is no file', async () => {
    expect(await refusal(new ServiceTokens(file).authenticate(`spt_${'0'.repeat(16)}_${'0'.repeat(64)}`, now))).toBe(
      'service-token',
    );
  });

  it('lets one process at a time change the file, and loses no change', async () => {
    writeFileSync(`${file}.new`, '');
    await expect(new ServiceTokens(file).create(nightly, now)).rejects.toThrow(TokenFileBusy);
  });
});
