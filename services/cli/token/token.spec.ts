import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ServiceTokens } from '#identity';
import { captured } from '../testing/captured.js';
import { ttlMs } from './ttl.js';

describe('token', () => {
  let folder: string;
  let config: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'token-'));
    config = join(folder, 'sallyport.yml');
    writeFileSync(config, 'dataDir: data\ntokens: { file: tokens.json }\n');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const create = (...more: string[]) =>
    captured('token', 'create', '--config', config, '--name', 'billing-bot', '--groups', 'agents, billing', ...more);
  const list = async (): Promise<unknown[]> =>
    (await captured('token', 'list', '--config', config, '--json')).out
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));

  it('is made: the token alone on standard output, good for whoever checks it', async () => {
    const { code, out, err } = await create('--ttl', '12h');
    expect({ code, err }).toEqual({
      code: 0,
      err: expect.stringContaining('agent billing-bot in agents, billing, until ') as unknown,
    });
    const { principal } = await new ServiceTokens(join(folder, 'tokens.json')).authenticate(out.trim(), Date.now());
    expect(principal).toEqual({ groups: ['agents', 'billing'], issuer: 'sallyport', kind: 'agent', subject: 'billing-bot' });
    expect(err).not.toContain(out.trim());
  });

  it('is listed without its secret, and revoked once', async () => {
    const { id, token } = JSON.parse((await create('--json', '--kind', 'service')).out) as { id: string; token: string };
    expect(await list()).toMatchObject([
      { id, name: 'billing-bot', kind: 'service', groups: ['agents', 'billing'], state: 'good' },
    ]);
    expect(JSON.stringify(await list())).not.toContain(token.slice(-64));
    expect(await captured('token', 'revoke', id, '--config', config)).toMatchObject({ code: 0 });
    expect(await captured('token', 'revoke', id, '--config', config)).toMatchObject({ code: 3 });
    expect(await list()).toMatchObject([{ id, state: 'revoked' }]);
  });

  it('is not made for a duration that is none', async () => {
    expect(await create('--ttl', 'soon')).toMatchObject({ code: 2, out: '', err: expect.stringContaining('12h') as unknown });
    expect(['90m', '12h', '30d', '0d', '1w', '99999d'].map(ttlMs)).toEqual([
      ...[5_400_000, 43_200_000, 2_592_000_000],
      ...[undefined, undefined, undefined],
    ]);
  });

  it('is not made where the configuration has problems: each is told with its line, and no secret', async () => {
    writeFileSync(config, 'dataDir: 3\ntokens: { fil: tokens.json }\nkafka: { brokers: [one], sasl: { password: hunter2 } }\n');
    const { code, out, err } = await create();
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.replaceAll(config, 'sallyport.yml').split('\n')).toEqual(
      expect.arrayContaining([
        'error: sallyport.yml cannot be used: it has 7 problems.',
        'sallyport.yml:1:10 dataDir: Invalid input: expected string, received number',
        'sallyport.yml:2:11 tokens.fil: is not a key that is known here; did you mean file?',
        'sallyport.yml:3:20 kafka.brokers[0]: must be host:port',
      ]),
    );
    expect(err).not.toContain('hunter2');
  });
});
