import type { StatementFacts } from '#events';
import { MemoryLog } from '#event-log';
import { logger } from '#runtime';
import { SqlParser } from '#sql';
import { queryFrame, RecordedSession, statementFacts } from '../../test/recorded-session/index.js';
import { Exporter } from './exporter.js';
import { OutboxSink } from './outbox-sink.js';

const word = 'Kanarienvogel';
const number = '90210907';

const literals = [
  `'${word}'`,
  `'it''s ${word}'`,
  `E'a\\'${word}\\n'`,
  `U&'\\00e9${word}'`,
  `N'${word}'`,
  `$$${word}$$`,
  `$é$ '${word}' $é$`,
  `'a' -- ${word}\n '${word}'`,
  `/* ${word} /* ${number} */ */ 1`,
  number,
  `-${number}`,
  `${number}.5`,
  `.${number}e-3`,
  `0x${number}`,
  `9_0210907`,
  `x'${number}'`,
  `'${number}'::int`,
  `CAST('${word}' AS text)`,
  `date '${number}'`,
  `interval '${number} days' day`,
  `jsonb '{"a": "${word}"}' -> '${word}'`,
  `ARRAY['${word}', '${number}']`,
  `('é😀${word}')`,
];
const uses = [
  (a: string) => `SELECT ${a}`,
  (a: string) => `SELECT ${a} AS "naïve", 'ünï', a FROM t WHERE b = ${a} OR c IN (${a}, 1, ${a}) LIMIT 1`,
  (a: string) => `INSERT INTO t (a, b) VALUES (${a}, NULL), (2, ${a}) RETURNING a`,
  (a: string) => `UPDATE t SET a = ${a} WHERE b BETWEEN ${a} AND ${a}`,
  (a: string) =>
    `WITH x AS (DELETE FROM t WHERE a = ${a} RETURNING *) SELECT * FROM x, f(${a}); SELECT 1; DELETE FROM t WHERE a = ${a}`,
  (a: string) => `PREPARE p AS SELECT ${a}`,
  (a: string) => `EXECUTE p(${a}, 1)`,
  (a: string) => `DECLARE c CURSOR FOR SELECT ${a}`,
  (a: string) => `CREATE VIEW v AS SELECT ${a} AS a`,
  (a: string) => `SELEKT ${a}`,
  (a: string) => `SELECT ${a} AS ${a}`,
];
const others = [
  `SET app.customer = ${word}`,
  `SET app.customer TO '${word}', '${number}'`,
  `ALTER SYSTEM SET x = ${word}`,
  `NOTIFY c, '${word}'`,
  `CREATE ROLE r PASSWORD '${word}' VALID UNTIL '${number}'`,
  `ALTER USER MAPPING FOR r SERVER s OPTIONS (SET password '${word}')`,
  `DO $body$ BEGIN PERFORM '${word}'; END $body$`,
  `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $f$ SELECT ${number} $f$`,
  `COPY t FROM STDIN WITH (DELIMITER '|', NULL '${word}')`,
  `COPY t FROM '/srv/${word}'`,
  `COMMENT ON TABLE t IS '${word}'`,
  `FETCH ${number} FROM c`,
  `CREATE TABLE t (a varchar(${number}) DEFAULT '${word}' CHECK (a <> '${word}'))`,
  `SELECT '${word}`,
  `SELECT $$${word}`,
  `SELECT /* ${word}`,
  `SELECT "${word.slice(0, 3)}", '${word}\u0000'`,
];

describe('a SIEM record', () => {
  it('shows no literal of any statement, whatever its form and wherever it stands', async () => {
    const parser = await SqlParser.start({ threads: 1 });
    const proxy = new MemoryLog();
    const session = await RecordedSession.open(proxy);
    const texts = [...uses.flatMap((use) => literals.map(use)), ...others];
    let n = 0;
    let unreadable = 0;
    for (const sql of texts) {
      const parsed = await parser.parse(Buffer.from(sql));
      const found: StatementFacts[] =
        parsed.kind === 'statements' ? parsed.statements.map(({ verb, from, to }) => statementFacts(verb, { from, to })) : [];
      // The server's own words for a syntax error quote what it stumbled over.
      const denial = { verdict: 'deny', rule: 'sallyport:syntax', reason: `at or near "'${word}' ${number}"` } as const;
      session.decided(n, found, found.length > 0 ? {} : denial, queryFrame(sql));
      if (found.length === 0) {
        unreadable++;
        session.completed(n++, 'refused');
      }
      for (const last = n + found.length; n < last; n++) session.completed(n);
    }
    await session.closed().commit();
    const siem = new MemoryLog();
    await new Exporter({
      reader: proxy.reader(),
      sink: new OutboxSink(siem, siem.reader()),
      redact: (sql) => parser.redact(sql),
      version: '0.1.0',
      log: logger('test', { write: () => undefined }),
    }).run({ until: 'end', signal: new AbortController().signal });
    await parser.close();

    const records = siem.records.map(({ value }) => value.toString());
    expect(records).toHaveLength(n);
    expect(records.filter((text) => new RegExp(`${word}|9_?0210907`, 'i').test(text))).toEqual([]);
    // Most were really redacted, not just left out.
    expect(records.filter((text) => /"query_string":"[^"[][^"]*\?/.test(text)).length).toBeGreaterThan(n / 2);
    expect(unreadable).toBeLessThan(n / 4);
  });
});
