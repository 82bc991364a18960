import { type ClickHouse, ClickHouseUnavailable } from '#clickhouse';

/** A query may take its time as long as ClickHouse is there: whether it is, is asked after so long. */
const patienceMs = 2_000;
const pingMs = 1_000;

/** Whether ClickHouse answers at all. One that hangs does not. */
export const isThere = async (clickhouse: ClickHouse): Promise<boolean> => (await within(pingMs, clickhouse.ping())) === true;

/**
 * Waits for an answer as long as ClickHouse is there. What is left behind ends by the client's own limit.
 * @throws ClickHouseUnavailable
 */
export async function whileThere<T>(clickhouse: ClickHouse, answer: Promise<T>): Promise<T> {
  const told = answer.then((value) => ({ value }));
  for (;;) {
    const settled = await within(patienceMs, told);
    if (settled) return settled.value;
    if (!(await isThere(clickhouse))) throw new ClickHouseUnavailable(`ClickHouse has not answered for ${patienceMs} ms`);
  }
}

async function within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => (timer = setTimeout(resolve, ms, undefined)));
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
