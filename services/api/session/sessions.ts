import { sessionById, type SessionFilter, type SessionKey, type SessionRow, sessionsPage } from '#clickhouse';
import type { SessionIndex } from '../log/session-index.js';
import { traceIdOf } from '#events';
import type { Answered, Projection } from '../projection.js';

export type SessionQuery = Pick<
  SessionFilter,
  'principal' | 'database' | 'since' | 'until' | 'verdict' | 'live' | 'run' | 'conversation' | 'toolCall' | 'trace' | 'actor'
>;

export interface SessionList {
  readonly rows: readonly SessionRow[];
  readonly leftOut: number;
}

/** Sessions as rows: from ClickHouse, or as far as they are kept in mind from the log. */
export class Sessions {
  constructor(
    private readonly projection: Projection,
    private readonly index: SessionIndex,
  ) {}

  /** Newest first, by (openedAt, session). */
  page(
    query: SessionQuery,
    page: { readonly limit: number; readonly after?: SessionKey | undefined },
  ): Promise<Answered<SessionList>> {
    return this.projection.answer<SessionList>(
      async (clickhouse) => ({ rows: await sessionsPage(clickhouse, query, page), leftOut: 0 }),
      () => ({ rows: this.fromLog(query, page), leftOut: this.index.dropped }),
    );
  }

  one(id: string): Promise<Answered<SessionRow | undefined>> {
    return this.projection.answer(
      (clickhouse) => sessionById(clickhouse, id),
      () => this.index.row(id),
    );
  }

  private fromLog(query: SessionQuery, { limit, after }: { limit: number; after?: SessionKey | undefined }): SessionRow[] {
    const rows = this.index.rows().filter((row) => isWanted(row, query));
    return rows.filter((row) => !after || isBehind(row, after)).slice(0, limit);
  }
}

const isBehind = (row: SessionRow, { openedAt, session }: SessionKey): boolean =>
  row.openedAt < openedAt || (row.openedAt === openedAt && row.session < session);

function isWanted(row: SessionRow, query: SessionQuery): boolean {
  const { principal, database, since, until, verdict, live } = query;
  const verdicts = { allow: row.allowed, deny: row.denied, hold: row.held };
  return (
    (principal === undefined || row.subject === principal) &&
    (database === undefined || row.database === database) &&
    (since === undefined || row.openedAt >= since) &&
    (until === undefined || row.openedAt < until) &&
    (verdict === undefined || verdicts[verdict] > 0) &&
    (live === undefined || (row.endedAt === null) === live) &&
    isOfRun(row, query)
  );
}

/** As far as it is said of the whole session: what comments of single statements say is not kept in mind. */
const isOfRun = (row: SessionRow, { run, conversation, toolCall, trace, actor }: SessionQuery): boolean =>
  (run === undefined || row.run === run) &&
  (conversation === undefined || row.conversation === conversation) &&
  (toolCall === undefined || row.toolCall === toolCall) &&
  (trace === undefined || traceIdOf(row.traceparent ?? '') === trace) &&
  (actor === undefined || row.actors.includes(actor));
