import { binding, type Bound } from './index.js';

const retry: Bound = {
  sql: Buffer.from('DELETE FROM orders WHERE id = $1'),
  parameters: [{ type: 23, format: 0, value: Buffer.from('12') }],
  role: 'app_rw',
  target: 'main',
  database: 'app',
  searchPath: ['app', 'public'],
  policy: 'a'.repeat(64),
  by: { issuer: 'https://id', subject: 'billing-bot', run: 'run-1' },
};
const one = { type: 23, format: 0, value: Buffer.from('1') };

describe('what an approval binds', () => {
  it('has one hash, for good: stored votes carry it', () => {
    expect(binding(retry)).toBe('725c6ed93c4f169f79f89b59ca10d00ec4dc1b947a13d1f553c442c94ad3ae97');
    expect(binding({ ...retry, sql: new Uint8Array(retry.sql) })).toBe(binding(retry));
  });

  it('is another with any part of it changed', () => {
    const others: Bound[] = [
      retry,
      { ...retry, sql: Buffer.from('DELETE FROM orders WHERE id = $1 ') },
      { ...retry, parameters: [] },
      { ...retry, parameters: [{ type: 23, format: 0, value: Buffer.from('13') }] },
      { ...retry, parameters: [{ type: 20, format: 0, value: Buffer.from('12') }] },
      { ...retry, parameters: [{ type: 23, format: 1, value: Buffer.from('12') }] },
      { ...retry, parameters: [{ type: 23, format: 0, value: null }] },
      { ...retry, parameters: [{ type: 23, format: 0, value: Buffer.from('') }] },
      { ...retry, parameters: [one, { ...one, value: Buffer.from('2') }] },
      { ...retry, role: 'app_ro' },
      { ...retry, target: 'other' },
      { ...retry, database: 'other' },
      { ...retry, searchPath: ['app,public'] },
      { ...retry, policy: 'b'.repeat(64) },
      { ...retry, by: { issuer: 'https://id', subject: 'billing-bot' } },
      { ...retry, by: { issuer: 'https://id', subject: 'billing-bot', run: 'run-2' } },
      { ...retry, by: { issuer: 'https://other', subject: 'billing-bot', run: 'run-1' } },
      { ...retry, by: { session: '01936f00-0000-7000-8000-000000000001' } },
    ];
    expect(new Set(others.map(binding)).size).toBe(others.length);
  });
});
