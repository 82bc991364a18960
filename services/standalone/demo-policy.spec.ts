import { compile } from '#policy';
import { demoPolicy } from './demo-policy.js';

describe('the policy of the demo', () => {
  it('has no problem', () => {
    const compiled = compile(demoPolicy, 'policy.yml');
    expect('problems' in compiled ? compiled.problems : []).toEqual([]);
  });

  it('names the masks that the story shows', () => {
    const compiled = compile(demoPolicy, 'policy.yml');
    const masks = 'policy' in compiled ? compiled.policy.masks : [];
    expect(masks.map(({ column: { table, column }, mask }) => `${table}.${column}: ${mask}`)).toEqual([
      'customers.ssn: partial',
      'customers.email: redact',
      'customers.profile: redact',
      'cards.number: partial',
    ]);
  });
});
