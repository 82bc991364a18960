import { Kafka, logLevel, Partitioners } from 'kafkajs';

/** A record as any reader of a topic sees it. */
export interface SiemMessage {
  readonly key: string;
  readonly timestamp: number;
  readonly value: string;
}

/** Reads a topic from its beginning to its end. It stands for a SIEM: it knows Kafka, and nothing of ours. */
export async function readTopic(broker: string, topic: string): Promise<SiemMessage[]> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  const ends = await admin.fetchTopicOffsets(topic);
  await admin.disconnect();
  const expected = ends.reduce((sum, { low, high }) => sum + Number(high) - Number(low), 0);
  const found: SiemMessage[] = [];
  if (expected === 0) return found;
  const consumer = kafka.consumer({ groupId: `siem-${Math.random()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    const eachMessage = ({
      message: { key, timestamp, value },
    }: {
      message: { key: Buffer | null; timestamp: string; value: Buffer | null };
    }) => {
      found.push({ key: String(key), timestamp: Number(timestamp), value: String(value) });
      if (found.length === expected) resolve();
      return Promise.resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
  return found;
}

/** Puts a record where it has no business. */
export async function disturb(broker: string, topic: string, value: string): Promise<void> {
  const kafka = new Kafka({ brokers: [broker], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  await producer.send({ topic, messages: [{ key: null, value }] });
  await producer.disconnect();
}
