import { compile, type PolicyProblem } from './compile.js';
import type { Policy } from './policy.js';

const compiled = (text: string | Uint8Array): Policy => {
  const result = compile(text, 'policy.yml');
  if ('problems' in result) throw new Error(JSON.stringify(result.problems));
  return result.policy;
};

const problems = (text: string): string[] => {
  const result = compile(text, 'policy.yml');
  if ('policy' in result) return [];
  return result.problems.map(({ line, column, path, message }: PolicyProblem) => `${line}:${column} ${path}: ${message}`);
};

describe('compile', () => {
  it('names a policy by the hash of its exact bytes', () => {
    const text = 'rules: [] # é\n';
    expect(compiled(text).hash).toBe(compiled(Buffer.from(text)).hash);
    expect(compiled(text).hash).not.toBe(compiled('rules: []\n').hash);
    expect(compiled('').hash).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it('reads roles, rules and masks', () => {
    const { roles, rules, masks, source } = compiled(`
version: 1
roles:
  - { groups: [a], subjects: [s], issuer: 'https://i', target: main, databases: ['*'], login: l }
rules:
  - name: all
    when: { verbs: [SELECT], unbounded: false }
    then: hold
    hold: { approvers: [dba], quorum: 2, wait: 90s, expires: 2h, mode: retry }
    durability: replicated
masks:
  - { column: public.customers.ssn, mask: partial, keep: { last: 4 }, exempt: { groups: [b] } }
  - { target: main, database: shop, column: public.profiles.doc, path: [ssn], mask: null }
  - { column: public.cards.pan, mask: constant, value: 'none' }
  - { column: public.cards.exp, mask: redact }
`);
    expect({ roles: roles.map(({ role }) => role), rules: rules.map(({ rule }) => rule), masks, source }).toEqual({
      source: 'policy.yml',
      roles: [{ groups: ['a'], subjects: ['s'], issuer: 'https://i', target: 'main', databases: ['*'], login: 'l' }],
      rules: [
        {
          name: 'all',
          when: { verbs: ['SELECT'], unbounded: false },
          then: 'hold',
          hold: { approvers: ['dba'], quorum: 2, wait: 90_000, expires: 7_200_000, mode: 'retry' },
          durability: 'replicated',
        },
      ],
      masks: [
        {
          column: { schema: 'public', table: 'customers', column: 'ssn' },
          mask: 'partial',
          keep: { first: 0, last: 4 },
          exempt: { groups: ['b'] },
        },
        {
          target: 'main',
          database: 'shop',
          column: { schema: 'public', table: 'profiles', column: 'doc' },
          path: ['ssn'],
          mask: 'null',
        },
        { column: { schema: 'public', table: 'cards', column: 'pan' }, mask: 'constant', value: 'none' },
        { column: { schema: 'public', table: 'cards', column: 'exp' }, mask: 'redact' },
      ],
    });
  });

  it('says all that is wrong with a rule and a mask of no known kind', () => {
    const found = problems(`rules:
  - name: Writes
    when: { efects: [write] }
    then: alow
masks:
  - column: customers
    mask: rot13
    keep: { last: 4 }
`);
    expect(found).toEqual([
      '2:5 rules.0.name: a name of small letters, digits, hyphens and underscores',
      '3:13 rules.0.when.efects: no such key; did you mean effects?',
      '4:5 rules.0.then: is one of allow, deny, hold',
      '6:5 masks.0.column: schema.table.column',
      '7:5 masks.0.mask: is one of redact, null, constant, partial',
    ]);
  });

  it('does not look through a text that is no policy', () => {
    expect(problems(`# ${'a'.repeat(1024 * 1024)}`)).toEqual(['1:1 : longer than 1 MiB']);
  });

  it('says everything that is wrong at once, with its place, and no value', () => {
    const found = problems(`roles:
  - groups: []
    target: x
    login: hunter2
rules:
  - name: a
    when: { verbs: [hunter2], efects: [read], risks: [hunter2], effects: [hunter2] }
    then: hold
  - nme: b
    then: allow
  - name: c
    then: hunter2
  - name: Hunter 2
    then: hold
    hold: { approvers: [], wait: hunter2, quorum: 0 }
  - name: d
    then: allow
    durability: buffered
masks:
  - { column: hunter2, mask: null }
  - { column: a.b.c, mask: constant }
version: 2
hunter: 2
`);
    expect(found).toEqual([
      '2:5 roles.0.groups: an empty list never matches',
      '2:5 roles.0.databases: is missing',
      '6:5 rules.0.hold: is missing',
      '7:21 rules.0.when.verbs.0: no command of Postgres by this name',
      '7:31 rules.0.when.efects: no such key; did you mean effects?',
      '7:55 rules.0.when.risks.0: no risk by this name, and * is any',
      expect.stringMatching(/^7:75 rules\.0\.when\.effects\.0: Invalid option: expected one of/),
      '9:5 rules.1.name: is missing',
      '9:5 rules.1.nme: no such key; did you mean name?',
      '12:5 rules.2.then: is one of allow, deny, hold',
      '13:5 rules.3.name: a name of small letters, digits, hyphens and underscores',
      '15:13 rules.3.hold.approvers: an empty list never matches',
      '15:28 rules.3.hold.wait: a duration like 45s, 15m or 2h',
      '15:43 rules.3.hold.quorum: Too small: expected number to be >=1',
      expect.stringMatching(/^18:5 rules\.4\.durability: Invalid option: expected one of/),
      '20:7 masks.0.column: schema.table.column',
      '21:5 masks.1.value: is missing',
      '22:1 version: Invalid input: expected 1',
      '23:1 hunter: no such key',
    ]);
    expect(found.join('\n')).not.toContain('hunter2');
  });

  it.each([
    [
      'after a rule that takes everything',
      'rules: [{ name: a, then: deny }, { name: b, when: { verbs: [SELECT] }, then: allow }]',
    ],
    [
      'after a rule that asks for less',
      'rules: [{ name: a, when: { verbs: [SELECT, INSERT] }, then: deny }, { name: b, when: { verbs: [SELECT], groups: [g] }, then: allow }]',
    ],
    [
      'after a star',
      `rules: [{ name: a, when: { reads: ['*'] }, then: deny }, { name: b, when: { reads: ['public.*'] }, then: allow }]`,
    ],
    ['by its own effects', 'rules: [{ name: a, when: { effects: [ddl], onlyEffects: [read] }, then: deny }]'],
    ['by its own risks', 'rules: [{ name: a, when: { risks: ["*"], onlyRisks: [] }, then: deny }]'],
  ])('finds a rule that can never match: %s', (_, text) => {
    expect(problems(text)).toEqual([expect.stringContaining('never matches')]);
  });

  it.each([
    'rules: [{ name: a, when: { verbs: [SELECT] }, then: deny }, { name: b, when: { verbs: [SELECT, INSERT] }, then: allow }]',
    `rules: [{ name: a, when: { groups: ['*'] }, then: deny }, { name: b, when: { groups: [g] }, then: allow }]`,
    'rules: [{ name: a, when: { verbs: [SELECT] }, then: deny }, { name: b, then: allow }]',
  ])('takes %s', (text) => {
    expect(problems(text)).toEqual([]);
  });

  it('finds a name given twice', () => {
    expect(problems('rules: [{ name: a, when: { unbounded: true }, then: deny }, { name: a, then: deny }]')).toEqual([
      '1:63 rules.1.name: this name is taken',
    ]);
  });

  it('finds a mask that keeps nothing', () => {
    expect(problems('masks: [{ column: a.b.c, mask: partial, keep: {} }]')).toEqual([
      '1:41 masks.0.keep: keeps nothing: use redact',
    ]);
  });

  it.each([
    ['what is no YAML', 'rules: [\n  a: {', /^\d+:\d+ : not YAML: /],
    ['a key given twice', 'rules: []\nrules: []\n', /^2:1 : not YAML: duplicate key/],
    ['a list in place of the whole', '- 1', /^1:1 : Invalid input/],
    [
      'aliases that multiply',
      `a: &a [x, x]\n${'bcdefghij'.replaceAll(
        /./g,
        (c) =>
          `${c}: &${c} [${Array(9)
            .fill(`*${String.fromCharCode(c.charCodeAt(0) - 1)}`)
            .join(', ')}]\n`,
      )}`,
      /.*/,
    ],
  ])('says where the trouble is with %s', (_, text, problem) => {
    const found = problems(text);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]).toMatch(problem);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(compile(Buffer.from([0xff]), 'p')).toEqual({
      problems: [{ line: 1, column: 1, path: '', message: 'not valid UTF-8' }],
    });
  });

  it('says where in the file an expression is wrong, however it is quoted', () => {
    const found = problems(`roles:
  - { groups: [a], when: claims.x == 1 &&, target: main, databases: ['*'], login: l }
  - groups: [a]
    when: "principal.nme == 'x'"
    target: main
    databases: ['*']
    login: l
  - when: |
      target == "main" &&
        databse == "shop"
    target: main
    databases: ['*']
    login: l
rules:
  - { name: a, when: { cel: 'statement.verbs == 1' }, then: allow }
`);
    expect(found.map((problem) => problem.replace(/; there are .*$| found .*$/, ''))).toEqual([
      '2:40 roles.0.when: not an expression:',
      '4:21 roles.1.when: no such member: nme',
      '10:9 roles.2.when: no such name: databse',
      '15:39 rules.0.when.cel: no such member: verbs',
    ]);
  });

  it.each([
    ['{ cel: target == "a" }', '{ cel: target == "a" }', true],
    ['{ cel: target == "a" }', '{ cel: target == "b" }', false],
    ['{ verbs: [SELECT] }', '{ verbs: [SELECT], cel: target == "a" }', true],
    ['{ verbs: [SELECT], cel: target == "a" }', '{ verbs: [SELECT] }', false],
    ['{ run: required }', '{ run: verified }', true],
    ['{ run: verified }', '{ run: required }', false],
    ['{ kinds: [agent, service] }', '{ kinds: [agent] }', true],
    ["{ actors: ['*'] }", '{ actors: [bot] }', true],
    ["{ actors: ['*'] }", '{ kinds: [agent] }', false],
  ])('of rules with %s before %s, the second never matches: %s', (first, second, never) => {
    const found = problems(`rules:
  - { name: a, when: ${first}, then: allow }
  - { name: b, when: ${second}, then: deny }
`);
    expect(found.map((problem) => /never matches/.test(problem))).toEqual(never ? [true] : []);
  });
});
