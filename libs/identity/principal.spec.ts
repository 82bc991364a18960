import type { JWTPayload } from 'jose';
import type { Issuer } from './access-token.js';
import { AuthenticationFailed } from './errors.js';
import { actorsOf, principalOf, runOf } from './principal.js';

const issuer: Issuer = {
  issuer: 'https://id',
  audience: 'sallyport',
  algorithms: ['ES256'],
  claims: { subject: 'sub', groups: 'groups', run: 'agent.run', conversation: 'conversation', traceparent: 'traceparent' },
  clockSkewSeconds: 30,
};
const anna: JWTPayload = { iss: 'https://id', sub: 'anna', client_id: 'assistant', groups: ['dev'] };

const refused = (read: () => unknown): unknown => {
  try {
    return read();
  } catch (error) {
    return error instanceof AuthenticationFailed ? error.code : error;
  }
};

describe('a token with an actor', () => {
  it("is its subject's, used by an agent", () => {
    const token = { ...anna, act: { sub: 'assistant' } };
    expect(principalOf(token, issuer)).toEqual({ groups: ['dev'], issuer: 'https://id', kind: 'agent', subject: 'anna' });
    expect(principalOf(anna, issuer).kind).toBe('human');
  });

  it.each([
    ['service', 'service'],
    ['agent', 'agent'],
    ['human', 'agent'],
  ])('of the kind %s is never a person: %s', (said, kind) => {
    const named = { ...issuer, claims: { ...issuer.claims, kind: 'kind' } };
    expect(principalOf({ ...anna, kind: said, act: { sub: 'assistant' } }, named).kind).toBe(kind);
  });

  it('names the present actor first, then those before it', () => {
    const act = { sub: 'worker', act: { sub: 'planner', iss: 'https://elsewhere', exp: 1, act: { sub: 'assistant' } } };
    expect(actorsOf({ ...anna, act, may_act: { sub: 'anyone' } }, issuer)).toEqual([
      { issuer: 'https://id', subject: 'worker' },
      { issuer: 'https://elsewhere', subject: 'planner' },
      { issuer: 'https://id', subject: 'assistant' },
    ]);
  });

  it('has none by may_act', () => {
    expect(actorsOf({ ...anna, may_act: { sub: 'assistant' } }, issuer)).toEqual([]);
    expect(principalOf({ ...anna, may_act: { sub: 'assistant' } }, issuer).kind).toBe('human');
  });

  const nested = (depth: number): object => ({ sub: `a${depth}`, ...(depth > 1 && { act: nested(depth - 1) }) });

  it.each<[string, unknown]>([
    ['null', null],
    ['a text', 'assistant'],
    ['a list', [{ sub: 'assistant' }]],
    ['without a subject', {}],
    ['with an empty subject', { sub: '' }],
    ['with a subject that is no text', { sub: 7 }],
    ['with an issuer that is no text', { sub: 'a', iss: 7 }],
    ['with a subject longer than any', { sub: 'x'.repeat(1_001) }],
    ['with a broken one behind it', { sub: 'a', act: {} }],
    ['nested without end', nested(9)],
  ])('that is %s is refused', (_, act) => {
    expect(refused(() => actorsOf({ ...anna, act }, issuer))).toBe('claims');
  });

  it('may be eight deep', () => {
    expect(actorsOf({ ...anna, act: nested(8) }, issuer)).toHaveLength(8);
  });
});

describe('the run that a token is for', () => {
  it('is what the named claims say, vouched for by the issuer', () => {
    expect(runOf({ ...anna, agent: { run: 'r1' }, conversation: 'c1', tool_call: 'not named' }, issuer)).toEqual({
      run: { value: 'r1', by: 'token' },
      conversation: { value: 'c1', by: 'token' },
    });
    expect(runOf(anna, issuer)).toEqual({});
  });

  it.each([
    ['a number', { agent: { run: 7 } }],
    ['too long', { conversation: 'x'.repeat(257) }],
    ['no traceparent', { traceparent: 'x' }],
  ])('is refused where it is %s', (_, claims) => {
    expect(refused(() => runOf({ ...anna, ...claims }, issuer))).toBe('claims');
  });
});
