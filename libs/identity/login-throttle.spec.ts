import { type LoginSource, LoginThrottle, type Slowed } from '#identity';

const start = Date.UTC(2030, 0, 1);
const guesser: LoginSource = { address: '203.0.113.9', user: 'anna' };

describe('LoginThrottle', () => {
  let throttle: LoginThrottle;
  let now: number;
  beforeEach(() => {
    throttle = new LoginThrottle();
    now = start;
  });

  /** Each attempt waits as long as it has to, and fails. */
  const fail = (times: number, source = guesser): { waits: (number | undefined)[]; slowed: Slowed[] } => {
    const waits: (number | undefined)[] = [];
    const slowed: Slowed[] = [];
    for (let i = 0; i < times; i++) {
      const wait = throttle.enter(source, now);
      waits.push(wait);
      now += wait ?? 0;
      slowed.push(...throttle.failed(source, now));
    }
    return { waits, slowed };
  };

  it('lets a few failures pass, then doubles the delay up to a longest one, and tells each step once', () => {
    const { waits, slowed } = fail(14);
    expect(waits).toEqual([0, 0, 0, 0, 0, 250, 500, 1000, 2000, 4000, 4000, 4000, 4000, 4000]);
    expect(slowed.map(({ source, failures, delayMs }) => [Object.keys(source).join(), failures, delayMs])).toEqual([
      ['address', 5, 250],
      ['user', 5, 250],
      ['address', 6, 500],
      ['user', 6, 500],
      ['address', 7, 1000],
      ['user', 7, 1000],
      ['address', 8, 2000],
      ['address', 9, 4000],
    ]);
  });

  it('makes attempts of one address that come together wait for each other, and refuses those that would wait too long', () => {
    fail(9);
    now += 4000;
    expect([1, 2, 3].map(() => throttle.enter(guesser, now))).toEqual([0, 4000, undefined]);
  });

  it('keeps the owner of a name waiting for a second at most, however many guess it from elsewhere', () => {
    for (let i = 0; i < 500; i++) fail(1, { address: `198.51.100.${i % 250}`, user: 'anna' });
    expect(throttle.enter({ address: '192.0.2.1', user: 'anna' }, now)).toBeLessThanOrEqual(1000);
    expect(throttle.enter({ address: '192.0.2.1', user: 'rui' }, now)).toBe(0);
  });

  it('forgets with a success, and with time', () => {
    fail(9);
    throttle.succeeded(guesser);
    expect(throttle.enter(guesser, now)).toBe(0);
    fail(9);
    now += 15 * 60_000;
    expect(fail(5).waits).toEqual([0, 0, 0, 0, 0]);
  });

  it('takes the addresses of one IPv6 network for one, and a mapped IPv4 address for itself', () => {
    fail(9, { address: '2001:db8:1:2::7', user: 'a' });
    expect(throttle.enter({ address: '2001:0DB8:1:2:aaaa::1', user: 'b' }, now)).toBe(4000);
    expect(throttle.enter({ address: '2001:db8:1:3::7', user: 'b' }, now)).toBe(0);
    fail(9, { address: '::ffff:203.0.113.77', user: 'c' });
    expect(throttle.enter({ address: '203.0.113.77', user: 'd' }, now)).toBe(4000);
  });

  it('remembers no more than it has room for: what was longest ago goes', () => {
    fail(9);
    for (let i = 0; i < 10_000; i++) throttle.failed({ address: `10.0.${i >> 8}.${i & 255}`, user: `u${i}` }, now);
    expect(throttle.enter(guesser, now)).toBe(0);
    expect(throttle.enter({ address: '10.0.0.1', user: `u1` }, now)).toBe(0);
  });
});
