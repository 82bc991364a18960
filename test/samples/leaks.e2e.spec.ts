import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { login, type World } from '../e2e/world.js';
import { attackUrl, maskingPolicy, play, sample, setupUrl, startSamples } from './samples.js';

interface Outcome {
  readonly id: string;
  readonly difficulty: string;
  readonly outcome: string;
  readonly errors: readonly string[];
}

describe('the samples of leaks, through a proxy whose policy allows everything and masks four columns', () => {
  let world: World;
  let token: string;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-leaks-'));

  const played = async (cases: string, ...more: string[]): Promise<Outcome[]> => {
    const out = join(folder, 'out.json');
    const urls = ['--setup', setupUrl(world, 'evasion'), '--attack', attackUrl(world, token, 'evasion')];
    const said = await play('run.mjs', [...urls, '--cases', sample(cases), '--upstream-role', login.name, '--out', out, ...more]);
    try {
      return (JSON.parse(readFileSync(out, 'utf8')) as { results: Outcome[] }).results;
    } catch (cause) {
      throw new Error(`the runner left no result:\n${said}`, { cause });
    }
  };

  beforeAll(async () => {
    world = await startSamples(maskingPolicy(), ['evasion']);
    token = await world.token('bot', ['agents']);
  }, 60_000);
  afterAll(async () => {
    rmSync(folder, { recursive: true });
    await world.stop();
  }, 30_000);

  it('lets no masked value out', async () => {
    const outcomes = await played('leaks.jsonl', '--fixture');
    expect(outcomes.length).toBeGreaterThan(40);
    expect(outcomes.filter(({ outcome }) => outcome === 'leaked')).toEqual([]);
  }, 60_000);

  it('answers ordinary queries', async () => {
    const outcomes = await played('utility.jsonl');
    expect(outcomes.filter(({ outcome }) => outcome !== 'ok')).toEqual([]);
  }, 60_000);
});
