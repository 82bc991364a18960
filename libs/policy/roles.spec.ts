import { accessOf } from './access.js';
import { compile } from './compile.js';
import { decide } from './decide.js';
import type { Policy } from './policy.js';
import { chooseRole } from './roles.js';
import { recordedClaims, type Who } from './who.js';

const policy = (text: string): Policy => {
  const compiled = compile(text, 'policy.yml');
  if ('problems' in compiled) throw new Error(JSON.stringify(compiled.problems));
  return compiled.policy;
};

const anna: Who = {
  principal: { groups: ['dev'], issuer: 'https://id', kind: 'agent', subject: 'anna' },
  actors: [{ issuer: 'https://id', subject: 'bot' }],
  claims: { department: 'billing', level: 3, ratio: 0.5, secret: 'never recorded', odd: '\ud800' },
};

const roles = policy(`
roles:
  - { name: people, groups: [dev], when: 'principal.kind == "human"', target: main, databases: [shop], login: a }
  - { name: senior, when: 'claims.grade > 5', target: main, databases: [shop], login: b }
  - { name: delegated, groups: [dev], when: 'actors.exists(a, a.subject == "bot") && claims.level == 3', target: main, databases: [shop], login: c, mayAssume: [reader] }
  - { name: rest, when: 'claims.department == "billing" && database != "shop"', target: main, databases: ['*'], login: d }
rules:
  - { name: no-drop, when: { verbs: [DROP TABLE] }, then: deny }
  - { name: people-only, when: { kinds: [human] }, then: allow }
  - { name: bots, when: { actors: ['bo*'], run: verified }, then: allow }
  - { name: asked, then: hold, hold: { approvers: [dba] } }
masks:
  - { column: public.t.a, mask: redact, exempt: { groups: [dev] } }
  - { column: public.t.b, mask: 'null' }
  - { column: public.t.c, mask: redact, database: other }
`);

describe('a role', () => {
  it('is the first that fits, and it is told why those before it do not', () => {
    expect(chooseRole(roles, anna, 'main', 'shop')).toEqual({
      granted: { name: 'delegated', login: 'c', mayAssume: ['reader'] },
      passed: [
        { name: 'people', failed: false, why: 'its condition does not hold: principal.kind == "human"' },
        {
          name: 'senior',
          failed: true,
          why: 'its condition cannot be evaluated: field not found: grade: claims.grade > 5',
        },
      ],
    });
  });

  it('is needed for a session', () => {
    const nobody = { ...anna, principal: { ...anna.principal, groups: [] } };
    expect(chooseRole(roles, nobody, 'main', 'shop').granted).toBeUndefined();
    expect(chooseRole(roles, nobody, 'main', 'other').granted?.name).toBe('rest');
  });

  it('is chosen again by what was recorded of the claims, and by no more', () => {
    const recorded = recordedClaims(anna.claims, roles.claimsRead);
    expect(recorded).toBe('{"department":"billing","level":3}');
    const later = { ...anna, claims: JSON.parse(recorded) as Who['claims'] };
    for (const database of ['shop', 'other'])
      expect(chooseRole(roles, later, 'main', database)).toEqual(chooseRole(roles, anna, 'main', database));
  });

  it('reads a number that is no integer, and half of a character, as they are recorded', () => {
    expect(recordedClaims(anna.claims, ['odd', 'ratio'])).toBe('{"odd":"\ufffd","ratio":"0.5"}');
  });
});

describe('what a principal may do on a database', () => {
  it('is its role, the masks with what lifts them, and the rules that it may meet', () => {
    expect(accessOf(roles, anna, 'main', 'shop')).toMatchObject({
      granted: { login: 'c' },
      masks: [
        { column: 'public.t.a', mask: 'redact', exemptBy: 'dev' },
        { column: 'public.t.b', mask: 'null', exemptBy: undefined },
      ],
      rules: [
        { name: 'no-drop', then: 'deny', depends: true },
        { name: 'bots', then: 'allow', depends: true },
        { name: 'asked', then: 'hold', depends: false },
      ],
    });
  });
});

const facts = {
  ...{ verb: 'SELECT', effects: [], reads: [], writes: [], functions: [], unbounded: false, risks: [], from: 0, to: 0 },
};
const context = { principal: anna.principal, actors: anna.actors, target: 'main', database: 'shop' };

describe('a rule', () => {
  const run = (by: 'token' | 'comment') => ({ run: { value: 'r1', by } });

  it('can require a run that an issuer vouches for', () => {
    expect(decide([{ facts }], context, roles).rule).toBe('asked');
    expect(decide([{ facts }], { ...context, run: run('comment') }, roles).rule).toBe('asked');
    expect(decide([{ facts }], { ...context, run: run('token') }, roles).rule).toBe('bots');
  });

  it('whose expression fails is no way around a denial, and allows nothing', () => {
    const failing = policy(`rules:
  - { name: never-on-run-7, when: { verbs: [DELETE], cel: 'run.run.value == "7"' }, then: deny, reason: that run is over }
  - { name: runs, when: { cel: 'run.run.value != ""' }, then: allow }
`);
    expect(decide([{ facts: { ...facts, verb: 'DELETE' } }], context, failing)).toEqual({
      verdict: 'deny',
      rule: 'never-on-run-7',
      reason: 'that run is over (its condition cannot be evaluated: field not found: run)',
    });
    expect(decide([{ facts }], context, failing).rule).toBe('sallyport:default');
    expect(decide([{ facts }], { ...context, run: run('comment') }, failing).rule).toBe('runs');
  });
});

describe('the role guard', () => {
  const everything = policy('rules: [{ name: everything, then: allow }]');
  const decided = (assumes: string[], mayRunAs?: readonly string[]): string =>
    decide([{ facts }, { facts: { ...facts, assumes } }], { ...context, ...(mayRunAs && { mayRunAs }) }, everything).rule;

  it('lets no rule allow a role that the session may not run as', () => {
    expect(decided(['admin'], ['app', 'reader'])).toBe('sallyport:role-guard');
    expect(decided(['*'], ['app', 'reader'])).toBe('sallyport:role-guard');
    expect(decided(['app'])).toBe('sallyport:role-guard');
  });

  it('leaves its own login, and the roles that its role names, to the rules', () => {
    expect(decided(['app', 'reader'], ['app', 'reader'])).toBe('everything');
    expect(decided([], [])).toBe('everything');
  });
});
