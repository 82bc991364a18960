import { csv } from './csv.js';

const text = (rows: readonly (readonly (string | number | null)[])[]): string => csv(['a', 'b'], rows).toString('utf8');

describe('CSV', () => {
  it('begins with a byte order mark, ends its lines with CRLF, and leaves out what is null', () => {
    expect(text([['x', null]])).toBe('\ufeffa,b\r\nx,\r\n');
  });

  it.each([
    ['a comma', 'x,y', '"x,y"'],
    ['a quote', 'x"y', '"x""y"'],
    ['a line end', 'x\ny', '"x\ny"'],
    ['=', '=1+1', "'=1+1"],
    ['+', '+1', "'+1"],
    ['-', '-1', "'-1"],
    ['@', '@SUM(A1)', "'@SUM(A1)"],
    ['a tab', '\tx', "'\tx"],
    ['a carriage return', '\r=1', `"'\r=1"`],
    ['a formula with a comma', '=A1,"B"', `"'=A1,""B"""`],
    ['neither', "it's 5 = 5", "it's 5 = 5"],
  ])('keeps a cell with %s a cell', (_, cell, written) => {
    expect(text([[cell, 1]])).toBe(`\ufeffa,b\r\n${written},1\r\n`);
  });

  it('does not touch numbers of ours', () => {
    expect(text([[-1, 0]])).toBe('\ufeffa,b\r\n-1,0\r\n');
  });
});
