import { createTopics, kafkaOptions, type KafkaSettings } from '#event-log';
import { logger } from '#runtime';

/** As in deploy/compose/topics.sh. Frozen once made: a session's events are found by its partition. */
const partitions = 12;

/** Makes those topics of the event log that Kafka does not have, with as many replicas as is its own default. */
export async function openTopics(kafka: KafkaSettings): Promise<void> {
  try {
    const client = { service: 'standalone', log: logger('standalone') };
    await createTopics(kafkaOptions(kafka, client), { partitions, replicas: -1 });
  } catch (error) {
    throw new Error(`Kafka at ${kafka.brokers.join(', ')} cannot be used: ${String(error)}`, { cause: error });
  }
}
