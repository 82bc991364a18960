import { RecordCutter } from '#reconciliation';

const csv = '1,"a ""quoted"" b",x\n2,"two\nlines, ""and""\n",y\n3,"",z\n';
const json = '{"a":1}\n{"b":"\\n"}\n\n{"c":3}\n';

describe('a cutter of records', () => {
  it.each([
    ['csvlog', csv, ['1,"a ""quoted"" b",x\n', '2,"two\nlines, ""and""\n",y\n', '3,"",z\n']],
    ['jsonlog', json, ['{"a":1}\n', '{"b":"\\n"}\n', '\n', '{"c":3}\n']],
  ] as const)('finds the same records of %s wherever the bytes are cut', (format, text, records) => {
    const bytes = Buffer.from(`${text}rest`);
    for (let size = 1; size <= bytes.length; size++) {
      const cutter = new RecordCutter(format, 100);
      const cuts = [];
      for (let at = 0; at < bytes.length; at += size) cuts.push(...cutter.push(bytes.subarray(at, at + size)));
      expect(cuts.map((cut) => cut.bytes?.toString())).toEqual(records);
      expect(cuts.map(({ from, to }) => to - from)).toEqual(records.map(({ length }) => length));
      expect(cuts[0]?.from).toBe(100);
      expect(cutter.readTo).toBe(100 + bytes.length);
    }
  });

  it('tells where a record stands that is longer than what it keeps', () => {
    const cutter = new RecordCutter('jsonlog', 0, 8);
    const cuts = ['0123456', '789', 'ab\nshort\n'].flatMap((text) => cutter.push(Buffer.from(text)));
    expect(cuts).toEqual([
      { from: 0, to: 13, bytes: undefined },
      { from: 13, to: 19, bytes: Buffer.from('short\n') },
    ]);
  });
});
