import type { Event } from '#events';
import { Revocations } from './revocations.js';

const start = Date.UTC(2030, 0, 1);
const revoked = (token: string, at: number, expires?: number): Event =>
  ({ type: 'token.revoked', at, data: { token, by: { issuer: 'i', subject: 'anna' }, expires } }) as unknown as Event;

describe('Revocations', () => {
  it('knows what was revoked, tells of each, and forgets what nobody takes any more', () => {
    const revocations = new Revocations();
    const told: string[] = [];
    revocations.follow(revoked('before', start));
    revocations.listen((id) => told.push(id));
    revocations.follow(revoked('short', start, start + 1000));
    revocations.follow(revoked('other', start + 3_600_000));
    expect(['before', 'short', 'other', 'never'].map((id) => revocations.has(id))).toEqual([true, true, true, false]);
    revocations.follow(revoked('late', start + 3_602_000));
    expect(['before', 'short', 'other', 'late'].map((id) => revocations.has(id))).toEqual([true, false, true, true]);
    expect(told).toEqual(['short', 'other', 'late']);
  });
});
