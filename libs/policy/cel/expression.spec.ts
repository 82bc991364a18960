import { compileExpression, longestExpression } from './expression.js';
import { ofRole, ofRule } from './kinds.js';

const bindings = {
  principal: { issuer: 'https://id', subject: 'anna', kind: 'human', groups: ['dev', 'ops'] },
  actors: [{ issuer: 'https://id', subject: 'bot' }],
  target: 'main',
  database: 'shop',
  claims: { department: 'ops', level: 3n, tags: ['a', 'b'], nested: { team: 'x' }, ratio: '0.5' },
};

const outcome = (text: string): unknown => {
  const compiled = compileExpression(text, ofRole);
  return 'message' in compiled ? compiled : compiled.evaluate(bindings);
};

describe('an expression', () => {
  it.each([
    ['claims.department == "ops" && claims.level >= 3', true],
    ['claims["department"] in ["dev", "qa"]', false],
    ['"manager" in claims || has(claims.department)', true],
    ['claims.tags.exists(tag, tag.startsWith("b"))', true],
    ['claims.tags.all(tag, size(tag) == 1) && "a" in claims.tags', true],
    ['claims.nested.team == "x"', true],
    ['claims.ratio == "0.5"', true],
    ['principal.groups.exists(g, g == "ops") && principal.kind == "human"', true],
    ['actors.size() == 1 && actors[0].subject == "bot"', true],
    ['target + "/" + database == "main/shop"', true],
    ['claims.department.matches("^(o+)+p?s$")', true],
    ['has(claims.manager) ? claims.manager : false', false],
    // Whatever an operand that fails would have said, the other one decides.
    ['claims.missing == 1 || principal.subject == "anna"', true],
  ])('%s is %s', (text, expected) => {
    expect(outcome(text)).toBe(expected);
  });

  it.each([
    ['claims.missing == 1', 'field not found: missing'],
    ['claims.department > 1', "found no matching overload for '_>_' applied to '(string, int)'"],
    ['claims.department', 'it is neither true nor false'],
  ])('that cannot be evaluated is neither true nor false, and says why: %s', (text, failed) => {
    expect(outcome(text)).toEqual({ failed });
  });

  it.each([
    ['claims.department ==', 1, 19, 'not an expression: found'],
    ['claim.department == "x"', 1, 1, 'no such name: claim; there are actors, claims, database, principal, target'],
    ['principal.name == "x"', 1, 10, 'no such member: name; there are groups, issuer, kind, subject'],
    ['principal.groups == "x"', 1, 18, '== does not take list of string and string'],
    ['principal.kind && true', 1, 1, '&& does not take string and bool'],
    ['1 in principal.groups', 1, 3, 'a int is never in a list of string'],
    ['target\n  == 1', 2, 3, '== does not take string and int'],
    ['principal.subject', 1, 10, 'is a string, not true or false'],
    ['claims == claims', 1, 1, 'claims are read by name'],
    ['claims.exists(c, c == "x")', 1, 1, 'claims are read by name'],
    ['claims[principal.subject] == 1', 1, 7, 'the name has to be written out here'],
    ['now() > 1', 1, 1, 'no such function: now'],
    ['timestamp("2026-01-01T00:00:00Z") > timestamp(claims.t)', 1, 1, 'no such function: timestamp'],
    ['target.matches("(")', 1, 7, 'error parsing regexp'],
    ['target.matches("(?=a)")', 1, 7, 'error parsing regexp'],
    ['target.matches(claims.pattern)', 1, 7, 'the name has to be written out here'],
    ['claims.tags.exists(a, claims.tags.exists(b, a == b))', 1, 34, 'a macro within a macro is not permitted'],
    ['claims.tags.exists(target, target == "x")', 1, 12, 'target has a meaning already'],
    ['{"a": 1} == claims.nested', 1, 1, 'messages and maps are not made here'],
    [`${'('.repeat(65)}true${')'.repeat(65)}`, 1, 1, 'nested deeper than 64 brackets'],
    [`target == "${'x'.repeat(longestExpression)}"`, 1, 1, 'longer than 4096 characters'],
  ])('is refused at load with its place: %#', (text, line, column, message) => {
    expect(outcome(text)).toEqual({ line, column, message: expect.stringContaining(message) as string });
  });

  it('tells which claims it reads', () => {
    const compiled = compileExpression('claims.b.c == 1 || "a" in claims || has(claims.d) || claims["e"] == 2', ofRole);
    expect(compiled).toHaveProperty('claims', ['a', 'b', 'd', 'e']);
  });

  it('of a rule reads the statement and the run, and no claims', () => {
    const rule = 'has(run.run) && run.run.by == "token" && statement.verb == "SELECT" && !statement.unbounded';
    expect(compileExpression(rule, ofRule)).not.toHaveProperty('message');
    expect(compileExpression('claims.x == 1', ofRule)).toHaveProperty('message', expect.stringContaining('no such name: claims'));
  });
});
