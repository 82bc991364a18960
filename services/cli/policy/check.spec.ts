import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultPolicy } from '#policy';
import { captured } from '../testing/captured.js';

describe('policy check', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'policy-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const written = (text: string): string => {
    const file = join(folder, 'policy.yml');
    writeFileSync(file, text);
    return file;
  };

  it('finds nothing wrong with the policy that init writes', async () => {
    const file = written(
      defaultPolicy([{ groups: ['agents'], target: 'main', databases: ['shop'], login: 'app' }], ['approvers']),
    );
    expect(await captured('policy', 'check', file)).toEqual({
      code: 0,
      err: '',
      out: expect.stringMatching(/: roles 1, rules 11, masks 0\n {2}SHA-256 [0-9a-f]{64}\n$/) as unknown,
    });
    const { out } = await captured('policy', 'check', file, '--json');
    expect(JSON.parse(out)).toMatchObject({ file, roles: 1, rules: 11, masks: 0 });
  });

  const broken = `rules:
  - { name: a, then: allow }
  - { name: a, when: { verbs: [SELEKT] }, then: deny }
colour: hunter2
`;

  it('tells every problem with its place, and repeats no value', async () => {
    const file = written(broken);
    const { code, out, err } = await captured('policy', 'check', file);
    expect({ code, err }).toEqual({ code: 1, err: '' });
    expect(out.replaceAll(file, 'policy.yml').trimEnd().split('\n')).toEqual([
      '✗ policy.yml:3:32 rules.1.when.verbs.0: no command of Postgres by this name',
      '✗ policy.yml:4:1 colour: no such key',
    ]);
    expect(out).not.toContain('hunter2');
  });

  it('gives the problems as JSON too', async () => {
    const { code, out } = await captured('policy', 'check', written(broken), '--json');
    expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({ code: 1, problems: [{ line: 3, column: 32 }, { line: 4 }] });
  });

  it('says so when there is no file', async () => {
    expect(await captured('policy', 'check', join(folder, 'nowhere.yml'))).toMatchObject({ code: 3, out: '' });
  });
});
