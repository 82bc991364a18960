import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Captured, captured } from '../testing/captured.js';

const policy = `roles:
  - { name: leads, groups: [dev], when: claims.level >= 3, target: main, databases: [shop], login: app_rw, mayAssume: [owner] }
  - { name: delegated, when: 'actors.size() > 0', target: main, databases: ['*'], login: app_ro }
rules:
  - { name: people, when: { kinds: [human] }, then: allow }
  - { name: reads, when: { verbs: [SELECT] }, then: allow }
masks: [{ column: public.people.ssn, mask: redact, exempt: { groups: [dev] } }]
`;

describe('access explain with a policy file', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'access-'));
    writeFileSync(join(folder, 'policy.yml'), policy);
    writeFileSync(join(folder, 'claims.json'), '{"level": 3, "sub": "anna"}');
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const explain = (...args: readonly string[]): Promise<Captured> =>
    captured('access', 'explain', 'https://id#anna', ...args, '--policy', join(folder, 'policy.yml'));

  it('tells the role, and the masks and rules behind it', async () => {
    const { code, out } = await explain('main', '--groups', 'dev', '--claims', join(folder, 'claims.json'));
    expect([code, out]).toEqual([
      0,
      `main/shop
  ✓ role leads, which logs in as app_rw and may change to owner
    mask redact on public.people.ssn: lifted by group dev
    rule reads: allow, by the statement
`,
    ]);
  });

  it('tells why no role fits, and ends with 1', async () => {
    const { code, out } = await explain('main/shop', '--kind', 'human', '--groups', 'dev');
    expect([code, out]).toEqual([
      1,
      `Not known of it, and so taken for absent: level
main/shop
  ! role leads: its condition cannot be evaluated: field not found: level: claims.level >= 3
  - role delegated: its condition does not hold: actors.size() > 0
  ✗ no role fits: no session
    mask redact on public.people.ssn: lifted by group dev
`,
    ]);
  });

  it('takes an actor, and answers in JSON', async () => {
    const { code, out } = await explain('main/other', '--actor', 'bot', '--json');
    expect([code, JSON.parse(out)]).toMatchObject([
      0,
      { items: [{ database: 'other', granted: { name: 'delegated' }, passed: [{ name: 'leads', failed: false }] }] },
    ]);
  });

  it.each([
    [['elsewhere'], 2, 'Say elsewhere/<database>'],
    [['main', '--claims', 'policy.yml'], 3, 'cannot be read'],
  ])('of %j ends with %s', async (args, code, said) => {
    expect(await explain(...args)).toMatchObject({ code, err: expect.stringContaining(said) as string });
  });

  it('says what is wrong with the file, with the principal, or with its options', async () => {
    writeFileSync(join(folder, 'policy.yml'), policy.replace('claims.level', 'claim.level'));
    expect(await explain('main')).toMatchObject({
      code: 2,
      err: expect.stringContaining(':2:41 roles.0.when: no such name: claim') as string,
    });
    const alone = await captured('access', 'explain', 'anna', 'main', '--policy', join(folder, 'policy.yml'));
    expect(alone.code).toBe(2);
    const asIf = await captured('access', 'explain', 'anna', 'main', '--groups', 'dev');
    expect(asIf).toMatchObject({ code: 2, err: expect.stringContaining('--groups would say something else') as string });
  });
});
