import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { Broker } from '../../test/kafka/broker.js';
import { readTopic, type SiemMessage } from '../../test/kafka/stranger.js';
import { ocsfFaults } from '../../test/ocsf.js';
import { describePart, java, maven, pathOf, psql } from '../../test/parts.js';
import { readRecord, type WrittenRecord } from '../../test/record.js';
import { unaccounted } from '../../test/tap/index.js';
import { DemoProcess } from './testing/demo-process.js';

jest.setTimeout(60_000);
const siemTopic = 'sallyport.ocsf.datastore_activity.v1';

/** Of a record of the class datastore_activity, what is looked at here. */
interface SiemRecord {
  readonly metadata: { readonly uid: string };
  readonly query_info: { readonly query_string: string };
  readonly status: string;
  readonly time: number;
}

describePart([java, maven, psql], 'the demo with KAFKA_BROKERS', () => {
  const broker = new Broker();
  let folder: string;
  let demo: DemoProcess;
  let record: WrittenRecord;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'story-over-kafka-'));
    chmodSync(folder, 0o755);
    await broker.start();
    demo = await DemoProcess.start(folder, [], { KAFKA_BROKERS: broker.address });
    record = await readRecord(demo.file.dataDir);
  }, 240_000);
  afterAll(async () => {
    await demo.stop();
    await broker.remove();
    rmSync(folder, { recursive: true });
  }, 30_000);

  it('plays the whole story', () => {
    const said = record.events.map(({ type }) => type);
    expect(said.filter((type) => type === 'statement.completed')).toHaveLength(11);
    expect(said).toEqual(expect.arrayContaining(['session.closed', 'statement.held', 'approval.granted', 'alert.raised']));
  });

  it('gives a SIEM one valid record per statement of the story, without its literals', async () => {
    const messages = await told(11);
    const records = messages.map(({ value }) => JSON.parse(value) as SiemRecord).sort((a, b) => a.time - b.time);
    expect(records.map(({ query_info, status }) => [query_info.query_string, status])).toEqual([
      ['SELECT first_name, last_name, ssn FROM customers WHERE id = $1', 'Success'],
      ['SELECT brand, number, expires FROM cards WHERE customer_id = $1 ORDER BY id', 'Success'],
      ['SELECT id, amount FROM payments WHERE status = ? ORDER BY id LIMIT ?', 'Success'],
      ['BEGIN', 'Success'],
      ['INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, $2, $3) RETURNING id', 'Success'],
      ['UPDATE payments SET status = ? WHERE id = $1', 'Success'],
      ['COMMIT', 'Success'],
      ['INSERT INTO refunds (payment_id, amount, reason) VALUES ($1, $2, $3)', 'Failure'],
      ['DROP TABLE payment_attempts', 'Failure'],
      ['SELECT (min(attempted_at) + interval ?)::date::text AS month FROM payment_attempts', 'Success'],
      ['DELETE FROM payment_attempts WHERE attempted_at < ?', 'Success'],
    ]);
    expect(records.flatMap(ocsfFaults)).toEqual([]);
    expect(new Set(records.map(({ metadata }) => metadata.uid)).size).toBe(11);
    const literals = ['captured', 'refunded', 'the parcel was lost', 'a slip', '4711', '1 month', '6212', '7715'];
    // By itself: digits of ids, hashes and times may be the same by chance.
    const alone = (literal: string): RegExp => new RegExp(`(?<![0-9a-f-])${literal}(?![0-9a-f-])`);
    expect(literals.filter((literal) => messages.some(({ value }) => alone(literal).test(value)))).toEqual([]);
  });

  it('projects what Kafka holds, and nothing else', async () => {
    const { apiUrl, tokens } = demo.file;
    const answer = await fetch(`${apiUrl}/api/v1/sessions`, { headers: { authorization: `Bearer ${tokens.viewer}` } });
    const { source, projected_through: through } = (await answer.json()) as {
      readonly source: string;
      readonly projected_through: readonly { readonly partition: string }[];
    };
    // Partitions of a topic are numbers; those of an outbox have its name.
    expect({ source, names: through.map(({ partition }) => partition).filter((name) => !/^\d+$/.test(name)) }).toEqual({
      source: 'clickhouse',
      names: [],
    });
    expect(through.length).toBeGreaterThan(0);
  });

  it('gives a URL that psql takes as it stands', async () => {
    const { stdout } = await promisify(execFile)(pathOf(psql), [demo.file.proxyUrl, '-XAtc', 'SELECT current_user']);
    expect(stdout).toBe('billing_agent\n');
  });

  it('stops within five seconds, leaves no process, and has every byte on record', async () => {
    const { code, ms, processes } = await demo.stop();
    expect({ code, processes }).toEqual({ code: 0, processes: [] });
    expect(ms).toBeLessThan(5_000);
    expect(demo.sessions()).toHaveLength(2);
    expect(unaccounted(demo.sessions(), await readRecord(demo.file.dataDir, 'proxy'))).toEqual([]);
  });

  /** What is in the topic once it holds as many records, and after that, had there been more to come. */
  const told = async (count: number): Promise<readonly SiemMessage[]> => {
    const deadline = Date.now() + 20_000;
    while ((await readTopic(broker.address, siemTopic)).length < count && Date.now() < deadline) await setTimeout(100);
    await setTimeout(500);
    return readTopic(broker.address, siemTopic);
  };
});
