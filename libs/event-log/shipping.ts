import path from 'node:path';
import { kafkaOptions, type LogClient, type LogSettings } from './open.js';
import { Shipper } from './shipper.js';

/** A service's outbox on its way to Kafka while the service runs. */
export interface Shipping {
  /** Ships what is published by now and ends, or gives up after so many milliseconds: what is left goes at the next start. */
  readonly stop: (withinMs: number) => Promise<void>;
}

/**
 * With brokers configured, ships the client's own outbox; otherwise there is nothing to do. A broker that fails is waited for, whatever
 * it takes: the outbox keeps what comes, and the service goes on.
 * @param failed told when the outbox itself cannot be read on
 */
export function startShipping({ dataDir, kafka }: LogSettings, client: LogClient, failed: (error: unknown) => void): Shipping {
  if (!kafka) return { stop: () => Promise.resolve() };
  const { service, log } = client;
  const shipper = new Shipper({ dir: path.join(dataDir, 'outbox', service), kafka: kafkaOptions(kafka, client) });
  const ending = new AbortController();
  const givingUp = new AbortController();
  const done = shipper.ship('follow', givingUp.signal, ending.signal).catch(failed);
  return {
    stop: async (withinMs) => {
      const late = setTimeout(() => {
        log.warn({ withinMs }, 'Kafka takes too long: the rest of the outbox is shipped at the next start');
        givingUp.abort();
      }, withinMs);
      ending.abort();
      await done;
      clearTimeout(late);
      log.info({ acknowledged: shipper.acknowledged }, 'shipping ended');
    },
  };
}
