import { RequestFailed } from '../problem/problem.js';
import type { KnownApproval } from './approvals.js';
import { HeldStatements } from './held-statements.js';

describe('the statement of an approval', () => {
  it('is not shown where its session is too long, which hides no other', async () => {
    const statements = new HeldStatements({ recording: () => Promise.reject(new RequestFailed('too-large')) });
    const known = { approval: { id: 'a', held: { session: 's' } } } as KnownApproval;
    expect(await statements.of(known)).toEqual({ sql: null, parameters: null });
  });
});
