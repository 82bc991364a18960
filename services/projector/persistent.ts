import { setTimeout as delay } from 'node:timers/promises';
import { ClickHouseRejected, ClickHouseUnavailable } from '#clickhouse';
import type { Logger } from '#runtime';

const firstDelayMs = 100;
const longestDelayMs = 30_000;

/**
 * Tries until it succeeds: while ClickHouse is away or refuses, nothing is skipped, and the log keeps the rest. Says so each time.
 * @throws the signal's reason once it aborts
 */
export async function untilDone<T>(attempt: () => Promise<T>, log: Logger, signal: AbortSignal): Promise<T> {
  for (let failures = 0; ; failures++) {
    signal.throwIfAborted();
    try {
      const result = await attempt();
      if (failures > 0) log.info({ failures }, 'ClickHouse answers again');
      return result;
    } catch (error) {
      if (!(error instanceof ClickHouseUnavailable || error instanceof ClickHouseRejected)) throw error;
      const waitMs = Math.min(firstDelayMs * 2 ** failures, longestDelayMs);
      log.warn({ err: error, failures: failures + 1, waitMs }, 'ClickHouse did not take it, trying again');
      await delay(waitMs, undefined, { signal });
    }
  }
}
