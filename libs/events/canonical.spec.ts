import { canonical, isCanonical, NotCanonical } from '#events';

describe('canonical', () => {
  it.each([
    [{ b: 1, a: [true, null, 'x'] }, '{"a":[true,null,"x"],"b":1}'],
    [{ '\u20ac': 1, '\r': 2, '1': 3, '\ud83d\ude00': 4, '\u00f6': 5 }, '{"\\r":2,"1":3,"ö":5,"€":1,"😀":4}'],
    [{ a: -0 }, '{"a":0}'],
    ['\u2028"\\\u0007', '"\u2028\\"\\\\\\u0007"'],
    [9007199254740991, '9007199254740991'],
  ])('writes %j with sorted keys and no white space', (value, text) => {
    expect(canonical(value)).toBe(text);
  });

  it.each([[1.5], [2 ** 53], [NaN], ['\ud800'], [{ a: undefined }], [() => 1]])('refuses %p', (value) => {
    expect(() => canonical(value)).toThrow(NotCanonical);
  });
});

describe('isCanonical', () => {
  it.each([
    ['{"a":1,"b":2}', true],
    ['{"b":2,"a":1}', false],
    ['{"a": 1}', false],
    ['{"a":1.0}', false],
    ['{"a":1,"a":1}', false],
    ['{"a":', false],
  ])('of %s is %s', (text, expected) => {
    expect(isCanonical(Buffer.from(text))).toBe(expected);
  });
});
