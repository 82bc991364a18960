import { firstOf, isRunValue, traceIdOf } from './run.js';

const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
const parent = `00-${trace}-00f067aa0ba902b7-01`;

describe('a traceparent', () => {
  it.each([
    [parent, true],
    [`cc-${trace}-00f067aa0ba902b7-01`, true],
    [`cc-${trace}-00f067aa0ba902b7-01-what-the-future-is-like`, true],
    [`00-${trace}-00f067aa0ba902b7-01-more`, false],
    [`ff-${trace}-00f067aa0ba902b7-01`, false],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, false],
    [`00-${trace}-${'0'.repeat(16)}-01`, false],
    [parent.toUpperCase(), false],
    [`${parent} `, false],
    [trace, false],
    ['', false],
  ])('%s can be used: %s', (text, good) => {
    expect(isRunValue('traceparent', text)).toBe(good);
  });

  it('has the id of its trace', () => {
    expect(traceIdOf(parent)).toBe(trace);
    expect(traceIdOf('x')).toBeUndefined();
  });
});

it.each([
  ['run 7/é', true],
  ['x'.repeat(256), true],
  ['x'.repeat(257), false],
  ['', false],
  ['a\u001b[31mb', false],
  ['a\nb', false],
  ['\ud800', false],
])('a run %j can be used: %s', (text, good) => {
  expect(isRunValue('run', text)).toBe(good);
});

it('of several accounts of a run the first has the last word on each value', () => {
  const verified = { run: { value: 'r1', by: 'token' } } as const;
  const claimed = { run: { value: 'r2', by: 'startup' }, toolCall: { value: 't', by: 'startup' } } as const;
  const commented = { toolCall: { value: 'u', by: 'comment' }, conversation: { value: 'c', by: 'comment' } } as const;
  expect(firstOf(verified, claimed, commented)).toEqual({
    run: { value: 'r1', by: 'token' },
    toolCall: { value: 't', by: 'startup' },
    conversation: { value: 'c', by: 'comment' },
  });
});
