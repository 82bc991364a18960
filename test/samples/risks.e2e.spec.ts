import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPolicy } from '#policy';
import { login, type World } from '../e2e/world.js';
import { attackUrl, play, setupUrl, startSamples } from './samples.js';

interface Outcome {
  readonly id: string;
  readonly must: boolean;
  readonly outcome: string;
}

describe('the samples of risks, through a proxy under the policy that an installation starts with', () => {
  let world: World;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-risks-'));
  let outcomes: readonly Outcome[] = [];

  beforeAll(async () => {
    const roles = [{ name: 'app', groups: ['agents'], target: 'main', databases: ['*'], login: login.name }];
    world = await startSamples(defaultPolicy(roles, ['approvers']), ['risk_case']);
    const token = await world.token('bot', ['agents']);
    const out = join(folder, 'out.json');
    const urls = [attackUrl(world, token, 'risk_case'), '--setup', setupUrl(world, 'postgres')];
    const said = await play('risk.mjs', ['sallyport', ...urls, '--hold', '400', '--out', out]);
    try {
      outcomes = JSON.parse(readFileSync(out, 'utf8')) as Outcome[];
    } catch (cause) {
      throw new Error(`the runner left no result:\n${said}`, { cause });
    }
  }, 90_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await world.stop();
  }, 30_000);

  it('stops or holds every statement that must be gated', () => {
    const gated = outcomes.filter(({ must }) => must);
    expect(gated.length).toBeGreaterThan(20);
    expect(gated.filter(({ outcome }) => outcome !== 'stopped' && outcome !== 'held')).toEqual([]);
  });

  it('runs the others', () => {
    const others = outcomes.filter(({ must }) => !must);
    expect(others.length).toBe(8);
    expect(others.filter(({ outcome }) => outcome !== 'ran').length).toBeLessThanOrEqual(2);
  });
});
