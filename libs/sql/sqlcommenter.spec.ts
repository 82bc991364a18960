import { runKeys } from '#events';
import { commentedRun } from './sqlcommenter.js';

const parent = '00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01';
const said = (sql: string): unknown => {
  const run = commentedRun(Buffer.from(sql));
  return run && Object.fromEntries(runKeys.flatMap((key) => (run[key] ? [[key, run[key].value]] : [])));
};

describe('what a comment at the end of a text says of a run', () => {
  it.each<[string, unknown]>([
    [`SELECT 1 /*run='r1',traceparent='${parent}'*/`, { run: 'r1', traceparent: parent }],
    [`SELECT 1 /*conversation='c',tool_call='call_1'*/;\n`, { conversation: 'c', toolCall: 'call_1' }],
    [`SELECT 1; SELECT 2 /* run = 'a%20b%2F%C3%A9' , route='%2Fpolls' */`, { run: 'a b/é' }],
    [`SELECT 1 /*run='it%5C%27s'*/`, { run: String.raw`it\'s` }],
    [String.raw`SELECT 1 /*run='it\'s'*/`, { run: "it's" }],
    [`SELECT 1 /*run='first',run='second'*/`, { run: 'second' }],
    // What cannot be such a value is left out, and what is no such comment says nothing.
    [`SELECT 1 /*run='r',traceparent='00-1-2-3'*/`, { run: 'r' }],
    [`SELECT 1 /*run='${'x'.repeat(257)}',tool_call='t'*/`, { toolCall: 't' }],
    [`SELECT 1 /*run='%0a'*/`, undefined],
    [`SELECT 1 /*run='%zz'*/`, undefined],
    [`SELECT 1 /*action='x'*/`, undefined],
    [`SELECT 1 /* just words */`, undefined],
    [`SELECT 1 /*run=r*/`, undefined],
    [`/*run='r'*/ SELECT 1`, undefined],
    [`SELECT '/*run=''r''*/'`, undefined],
    [`SELECT 1 /*${'x'.repeat(5_000)}run='r'*/`, undefined],
    ['SELECT 1', undefined],
    ['*/', undefined],
    ['/*/', undefined],
    ['', undefined],
  ])('%s', (sql, expected) => {
    expect(said(sql)).toEqual(expected);
  });

  it('is always a claim', () => {
    expect(commentedRun(Buffer.from(`SELECT 1 /*run='r'*/`))).toEqual({ run: { value: 'r', by: 'comment' } });
  });

  it('takes no more time with a long comment than its length tells', () => {
    expect(said(`SELECT 1 /*${"a='".repeat(1_300)}*/`)).toBeUndefined();
  });
});
