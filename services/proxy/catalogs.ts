import { ConnectionLost, PgClient } from '#pgwire';
import { type Catalog, CatalogReader } from '#sql';
import type { Destination } from './targets.js';
import type { Upstream } from './upstream.js';

/** How old a catalog may become while statements are decided on it. DDL made elsewhere shows after at most this. */
const maxAgeMs = 1_000;
/**
 * How long the connection is kept for the next session. DROP DATABASE waits five seconds for those that are connected, so nobody notices.
 */
const lingerMs = 1_000;

export interface CatalogHandle {
  /** The catalog that decisions are made on now. */
  current(): Catalog;
  /** It is older than a decision may rest on: `refresh` first. */
  isStale(): boolean;
  /** Reads it again. */
  refresh(): Promise<void>;
  close(): void;
}

/**
 * All that the proxy needs of a database besides sessions, through a least-privilege login: today its catalog.
 */
export abstract class TargetAccess {
  /**
   * A catalog that is stale until it was read after this call began, and that stays fresh until the handle is closed. Only the first of
   * a database is waited for here: who logs in does not wait for what the first statement needs.
   */
  abstract catalog(destination: Destination): Promise<CatalogHandle>;
  abstract close(): void;
}

/** The in-process form: one connection per database in use, none to any other; of those what was read is kept. */
export class LocalTargetAccess extends TargetAccess {
  private readonly shared = new Map<string, SharedCatalog>();

  constructor(
    private readonly upstream: Upstream,
    private readonly observed: (destination: Destination, catalog: Catalog) => void,
  ) {
    super();
  }

  async catalog(destination: Destination): Promise<CatalogHandle> {
    const key = `${destination.target.name}/${destination.database}`;
    let shared = this.shared.get(key);
    if (!shared) {
      shared = new SharedCatalog(destination, this.upstream, this.observed);
      this.shared.set(key, shared);
    }
    return shared.open();
  }

  close(): void {
    for (const shared of this.shared.values()) shared.disconnect();
  }
}

class SharedCatalog {
  private users = 0;
  private leaving: NodeJS.Timeout | undefined;
  private client: PgClient | undefined;
  /** Knows what is built in, which no other server of the same version has otherwise. */
  private reader: { readonly of: string; readonly catalogs: CatalogReader } | undefined;
  private latest: Catalog | undefined;
  private readAt = 0;
  /** The read under way, and one that waits for it: whoever asks now wants one that begins later. */
  private reading: Promise<Catalog> | undefined;
  private next: Promise<Catalog> | undefined;

  constructor(
    private readonly destination: Destination,
    private readonly upstream: Upstream,
    private readonly observed: (destination: Destination, catalog: Catalog) => void,
  ) {}

  async open(): Promise<CatalogHandle> {
    this.users++;
    clearTimeout(this.leaving);
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      this.users--;
      if (this.users === 0) this.leave();
    };
    const first = this.fresh();
    let isRead = false;
    first.then(
      () => {
        isRead = true;
      },
      () => undefined, // read again by whoever needs it, who is told
    );
    try {
      let catalog = this.latest ?? (await first);
      return {
        current: () => {
          catalog = this.latest ?? catalog;
          return catalog;
        },
        isStale: () => {
          if (!isRead) return true;
          const age = Date.now() - this.readAt;
          // Used, so it is kept fresh before anyone has to wait for it: an unused session costs its database nothing.
          if (age > maxAgeMs / 2) this.renew();
          return age > maxAgeMs;
        },
        refresh: async () => {
          catalog = await (isRead ? this.fresh() : first.catch(() => this.fresh()));
          isRead = true;
        },
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Ends the connection, not what is known. */
  disconnect(): void {
    clearTimeout(this.leaving);
    const { client } = this;
    this.client = undefined;
    void client?.close();
  }

  private leave(): void {
    this.leaving = setTimeout(() => {
      if (this.reading) this.leave();
      else this.disconnect();
    }, lingerMs).unref();
  }

  /** Reads it in the background. What fails here fails again, and is told, where somebody waits for it. */
  private renew(): void {
    if (!this.reading) this.begin().catch(() => undefined);
  }

  /** A catalog whose reading begins after this call. */
  private fresh(): Promise<Catalog> {
    if (!this.reading) return this.begin();
    this.next ??= this.reading.then(
      () => this.begin(),
      () => this.begin(),
    );
    return this.next;
  }

  private begin(): Promise<Catalog> {
    this.next = undefined;
    this.reading = this.read().finally(() => {
      this.reading = undefined;
    });
    return this.reading;
  }

  private async read(): Promise<Catalog> {
    const startedAt = Date.now();
    try {
      const { login } = this.destination.target.catalog;
      this.client ??= await this.upstream.login(this.destination, login, { purpose: 'catalog' }, (options) =>
        PgClient.connect({ ...options, parameters: { application_name: 'sallyport catalog' } }),
      );
      const { serverVersion } = this.client;
      if (this.reader?.of !== serverVersion)
        this.reader = { of: serverVersion, catalogs: new CatalogReader((sql) => this.ask(sql)) };
      const catalog = await this.reader.catalogs.read();
      if (this.latest?.hash !== catalog.hash) this.observed(this.destination, catalog);
      this.latest = catalog;
      this.readAt = startedAt;
      return catalog;
    } catch (error) {
      // A broken connection, or a database that was dropped: the next read starts with a connection of its own.
      const { client } = this;
      this.client = this.reader = undefined;
      void client?.close();
      throw error;
    }
  }

  private async ask(sql: string): Promise<Awaited<ReturnType<PgClient['query']>>['rows']> {
    if (!this.client) throw new ConnectionLost('the connection that catalogs are read by was ended');
    return (await this.client.query(sql)).rows;
  }
}
