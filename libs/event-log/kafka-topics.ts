import { type Topic, topics } from '#events';
import { briefly, connectKafka, type KafkaOptions, topicName, whenReady } from './kafka.js';

const dayMs = 86_400_000;

/** How a topic is made. `many`: as many partitions as the installation has for what is keyed by session. */
export interface TopicShape {
  readonly partitions: 'many' | 1;
  /** -1: for ever. */
  readonly retentionMs: number;
}

/** An event and its parts share the number of their partition. Control has one: every proxy reads all of it, in one order. */
export const topicShapes: Readonly<Record<Topic, TopicShape>> = {
  [topics.events]: { partitions: 'many', retentionMs: -1 },
  [topics.parts]: { partitions: 'many', retentionMs: -1 },
  [topics.control]: { partitions: 1, retentionMs: -1 },
  [topics.ocsfDatastoreActivity]: { partitions: 'many', retentionMs: 7 * dayMs },
  [topics.dlq]: { partitions: 1, retentionMs: 30 * dayMs },
};

/**
 * Creates those of our topics that do not exist.
 * @param shape for all of them: `partitions` of those keyed by session, frozen once made; `replicas`, -1 for the cluster's own default
 */
export async function createTopics(options: KafkaOptions, shape: { partitions: number; replicas: number }): Promise<void> {
  const admin = connectKafka(options, briefly).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = Object.values(topics).filter((topic) => !existing.has(topicName(options, topic)));
    if (missing.length === 0) return;
    await admin.createTopics({
      waitForLeaders: false,
      topics: missing.map((topic) => ({
        topic: topicName(options, topic),
        numPartitions: topicShapes[topic].partitions === 'many' ? shape.partitions : topicShapes[topic].partitions,
        replicationFactor: shape.replicas,
        configEntries: [
          { name: 'cleanup.policy', value: 'delete' },
          { name: 'message.timestamp.type', value: 'CreateTime' },
          { name: 'retention.ms', value: String(topicShapes[topic].retentionMs) },
        ],
      })),
    });
    // The client's own waiting takes it for an error that a new topic is not known everywhere at once.
    await whenReady(() => admin.fetchTopicMetadata({ topics: missing.map((topic) => topicName(options, topic)) }));
  } finally {
    await admin.disconnect();
  }
}
