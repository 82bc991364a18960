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

/** Topics that were made by someone else, with numbers of partitions that the log cannot be kept in. */
export class TopicsUnfit extends Error {
  override readonly name = 'TopicsUnfit';
}

/**
 * Creates those of our topics that do not exist.
 * @throws TopicsUnfit
 * @param shape for all of them: `partitions` of those keyed by session, frozen once made; `replicas`, -1 for the cluster's own default
 */
export async function createTopics(options: KafkaOptions, shape: { partitions: number; replicas: number }): Promise<void> {
  const admin = connectKafka(options, briefly).admin();
  await admin.connect();
  try {
    const existing = new Set(await admin.listTopics());
    const missing = Object.values(topics).filter((topic) => !existing.has(topicName(options, topic)));
    if (missing.length > 0)
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
    const names = Object.values(topics).map((topic) => topicName(options, topic));
    const found = await whenReady(() => admin.fetchTopicMetadata({ topics: names }));
    const counts = new Map(found.topics.map(({ name, partitions }) => [name, partitions.length]));
    checkCounts((topic) => ({ name: topicName(options, topic), count: counts.get(topicName(options, topic)) ?? 0 }));
  } finally {
    await admin.disconnect();
  }
}

/** What a topic that was there before must share with one of ours. */
function checkCounts(of: (topic: Topic) => { readonly name: string; readonly count: number }): void {
  const [events, parts, control] = [of(topics.events), of(topics.parts), of(topics.control)];
  if (events.count !== parts.count)
    throw new TopicsUnfit(
      `${events.name} has ${events.count} partitions and ${parts.name} ${parts.count}: an event and its parts have to be in those of the same number`,
    );
  if (control.count !== 1) throw new TopicsUnfit(`${control.name} has ${control.count} partitions: votes need one order`);
}
