import { PgClient } from '#pgwire';
import { type Catalog, CatalogReader } from '#sql';
import type { Destination } from './targets.js';
import type { Upstream } from './upstream.js';

/** How old a catalog may become while statements are decided on it. DDL made elsewhere shows after at most this. */
const maxAgeMs = 1_000;

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
  /** A catalog that was read after this call began, and that stays fresh until the handle is closed. */
  abstract catalog(destination: Destination): Promise<CatalogHandle>;
  abstract close(): void;
}

/** The in-process form: one connection per database in use, none to any other. */
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
    if (!shared || shared.isClosed) {
      shared = new SharedCatalog(destination, this.upstream, this.observed);
      this.shared.set(key, shared);
    }
    return shared.open();
  }

  close(): void {
    for (const shared of this.shared.values()) shared.end();
  }
}

class SharedCatalog {
  isClosed = false;
  private users = 0;
  private client: PgClient | undefined;
  /** Of that client. */
  private reader: CatalogReader | undefined;
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
    let closed = false;
    const close = (): void => {
      if (closed) return;
      closed = true;
      this.users--;
      if (this.users === 0) this.end();
    };
    try {
      let catalog = await this.fresh();
      return {
        current: () => {
          catalog = this.latest ?? catalog;
          return catalog;
        },
        isStale: () => {
          const age = Date.now() - this.readAt;
          // Used, so it is kept fresh before anyone has to wait for it: an unused session costs its database nothing.
          if (age > maxAgeMs / 2) this.renew();
          return age > maxAgeMs;
        },
        refresh: async () => {
          catalog = await this.fresh();
        },
        close,
      };
    } catch (error) {
      close();
      throw error;
    }
  }

  end(): void {
    this.isClosed = true;
    const { client } = this;
    this.client = undefined;
    void client?.close();
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
      const { client } = this;
      this.reader ??= new CatalogReader(async (sql) => (await client.query(sql)).rows);
      const catalog = await this.reader.read();
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
}
