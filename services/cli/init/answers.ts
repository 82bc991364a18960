/** A role that may log in to the reader's Postgres, with its password. */
export interface Login {
  readonly name: string;
  readonly password: string;
}

export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** The Postgres server that is put behind the proxy. */
export interface Server {
  readonly host: string;
  readonly port: number;
  readonly databases: readonly string[];
  readonly tls: { readonly mode: TlsMode; readonly ca?: string };
  /** A version other than 15 to 18 was accepted. */
  readonly untested: boolean;
}

/** Whose tokens are accepted. */
export type TokensOf =
  { readonly kind: 'issuer'; readonly issuer: string; readonly audience: string } | { readonly kind: 'sallyport' };

/** Where Sallyport itself listens. */
export interface Listening {
  readonly host: string;
  readonly proxy: number;
  readonly api: number;
  /** The embedded engine, on loopback. */
  readonly clickhouse: number;
}

/** Paths of PEM files, or the names for which a certificate is made. */
export type Certificate =
  | { readonly kind: 'given'; readonly cert: string; readonly key: string }
  | { readonly kind: 'made'; readonly names: readonly string[] };

/** All that `init` has to know: each of these was checked. */
export interface Answers {
  readonly server: Server;
  /** What the sessions of `groups` run as. */
  readonly login: Login;
  /** How the catalog is read; may be the same. */
  readonly catalog: Login;
  readonly tokens: TokensOf;
  readonly groups: readonly string[];
  readonly approvers: readonly string[];
  readonly listening: Listening;
  readonly certificate: Certificate;
}
