import { createTopics, kafkaOptions, type KafkaSettings } from '#event-log';
import { logger } from '#runtime';

/** As in deploy/compose/topics.sh. Frozen once made: a session's events are found by its partition. */
const partitions = 12;
/** How long the brokers may take before that is told. */
const firstWordMs = 2_000;

/**
 * Makes those topics of the event log that Kafka does not have, with as many replicas as is its own default.
 * @param say told once when the brokers keep us waiting
 */
export async function openTopics(kafka: KafkaSettings, say: (line: string) => void): Promise<void> {
  const at = kafka.brokers.join(', ');
  const word = setTimeout(() => {
    say(`  … Kafka at ${at} does not answer yet`);
  }, firstWordMs);
  try {
    const client = { service: 'standalone', log: logger('standalone') };
    await createTopics(kafkaOptions(kafka, client), { partitions, replicas: -1 });
  } catch (error) {
    throw new Error(`Kafka at ${at} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  } finally {
    clearTimeout(word);
  }
}
