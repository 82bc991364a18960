import { sessions } from '../testing/written-log.js';
import { resolveId } from './id.js';

describe('an abbreviated id', () => {
  it.each(['01936f00', '01936F00-00', '01936f0000007000'])('is the session that begins so: %s', (prefix) => {
    expect(resolveId(sessions, prefix)).toBe(sessions[0]);
  });
});
