import { SqlParser, unparsable } from './parser.js';

describe('SqlParser', () => {
  let parser: SqlParser;
  beforeAll(async () => {
    parser = await SqlParser.start({ threads: 1 });
  });
  afterAll(() => parser.close());

  const parse = async (sql: string | Buffer) => parser.parse(Buffer.from(sql));
  const verbs = async (sql: string): Promise<string[]> => {
    const parsed = await parse(sql);
    return parsed.kind === 'statements' ? parsed.statements.map(({ verb }) => verb) : [parsed.kind];
  };

  it('answers a short text at once, a long one from its thread, with the same facts', async () => {
    const short = parser.parse(Buffer.from('select a from t'));
    const long = parser.parse(Buffer.from(`select a from t${' '.repeat(3_000)}`));
    expect(short).not.toBeInstanceOf(Promise);
    expect(long).toBeInstanceOf(Promise);
    expect(await long).toEqual(short);
  });

  it('gives back the very facts of a text that it knows', async () => {
    const sql = `select 1${' '.repeat(3_000)}`;
    expect(parser.parse(Buffer.from(sql))).toBeInstanceOf(Promise);
    const facts = await parse(sql);
    expect(parser.parse(Buffer.from(sql))).toBe(facts);
  });

  it('reads texts once that differ in the comment at their end alone', async () => {
    const traced = (id: string): string => `SELECT a FROM t WHERE id = $1 AND b = 'x' /*traceparent='${id}'*/`;
    const facts = await parse(traced('00-1'));
    expect(await parse(traced('00-2'))).toBe(facts);
    expect(await parse(traced('00-23'))).not.toBe(facts); // its end is elsewhere
    expect(await parse(`SELECT a FROM t WHERE id = 1 /*run='a'*/`)).toBe(await parse(`SELECT a FROM t WHERE id = 2 /*run='b'*/`));
  });

  it.each([
    ['', []],
    [' -- nothing\n ;;', []],
    ['select 1; ; drop table t', ['SELECT', 'DROP TABLE']],
  ])('reads the statements of %j', async (sql, expected) => {
    expect(await verbs(sql)).toEqual(expected);
  });

  it.each([
    ['selct 1', 'syntax error at or near "selct"', 1],
    [`select 'éé' frm from where`, 'syntax error at or near "where"', 22],
    ['select 1 +', 'syntax error at end of input', 11],
  ])('says of %j what Postgres says, counting characters from 1', async (sql, message, position) => {
    expect(await parse(sql)).toEqual({ kind: 'syntax-error', message, position });
  });

  it('refuses what would break the parser, and goes on', async () => {
    const hazards = [
      ...Array<string>(40).fill(`select ${Array(16_000).fill(`''`).join('||')}`),
      '/*'.repeat(50_000),
      `select ${Array(12_000).fill('1').join('+')}`,
      'select 1\0; drop table t',
    ];
    for (const sql of hazards) {
      expect((await parse(sql)).kind).toBe('refused');
      expect(await verbs('select 1')).toEqual(['SELECT']);
    }
  });

  it('reads what is as deep as the caps allow, again and again', async () => {
    for (let i = 0; i < 20; i++) expect(await verbs(`select ${Array(3_900).fill('1').join('+')} + ${i}`)).toEqual(['SELECT']);
    expect(await verbs(`select ${'(select '.repeat(900)}1${')'.repeat(900)}`)).toEqual(['SELECT']);
    expect(await verbs(`select 1 from a ${'join a on true '.repeat(2_000)}`)).toEqual(['SELECT']);
  });

  it.each([
    [`select 'x', E'it\\'s', $$y$$, 1.5, -2 from t -- secret`, `select ?, ?, ?, ?, -? from t`],
    [`select x'1f', b'01', U&'d!0061' uescape '!' /* secret */ from "T"`, `select ?, ?, ? uescape ?   from "T"`],
    ['set application_name = hunter2', 'set application_name = ?'],
    [`do $$ begin perform 'secret'; end $$`, 'do ?'],
    ['select secret frm where', unparsable],
    ['', ''],
  ])('redacts %s', async (sql, redacted) => {
    expect(await parser.redact(Buffer.from(sql))).toBe(redacted);
  });
});

describe('SqlParser under pressure', () => {
  const slow = Buffer.from(`insert into t values ${Array(50_000).fill(`(1, 'a', now())`).join(', ')}`);

  it('stops a thread that takes too long, and the next text finds a sound one', async () => {
    const reported: string[] = [];
    const report = (error: Error): unknown => reported.push(error.message);
    const parser = await SqlParser.start({ threads: 1, timeLimitMs: 150, report });
    const [first, second] = await Promise.all([parser.parse(slow), parser.parse(Buffer.from(`select 1${' '.repeat(3_000)}`))]);
    expect(first).toEqual({ kind: 'refused', reason: 'parsing took too long' });
    expect(reported).toEqual(['a text took its whole time limit']);
    expect(second.kind).toBe('statements');
    await parser.close();
  });

  it('refuses what breaks its thread, and replaces the thread', async () => {
    // Without its cap the text overflows the thread's stack.
    const parser = await SqlParser.start({ threads: 1, timeLimitMs: 20_000, caps: { bytes: 4e6, depth: 1e9, comments: 1 } });
    const tooDeep = Buffer.from(`select ${Array(400_000).fill('1').join('+')}`);
    expect((await parser.parse(tooDeep)).kind).toBe('refused');
    expect((await parser.parse(Buffer.from(`select 1${' '.repeat(3_000)}`))).kind).toBe('statements');
    await parser.close();
  });

  it('refuses what is asked of it after it was closed', async () => {
    const parser = await SqlParser.start({ threads: 1 });
    await parser.close();
    expect(await parser.parse(slow)).toEqual({ kind: 'refused', reason: 'the parser is shut down' });
  });
});
