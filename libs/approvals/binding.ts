import { createHash } from 'node:crypto';
import { type By, canonical } from '#events';

/** All that an approval is for. One byte of it differs, and it is another statement, which nobody approved. */
export interface Bound {
  /** The statement's text, as the client sent it. */
  readonly sql: Uint8Array;
  readonly parameters: readonly BoundParameter[];
  readonly role: string;
  readonly target: string;
  readonly database: string;
  readonly searchPath: readonly string[];
  /** SHA-256 of the policy, in hex. */
  readonly policy: string;
  /** What it reaches, as the catalog resolved it: the same text under the same path may stand for another table. */
  readonly reaches?: string;
  /** The texts of the prepared statements that it runs by name. */
  readonly named?: readonly Uint8Array[];
  /** Where the client waits: its session. Where it retries: who it is, who acts for it, and its run where it has one. */
  readonly by:
    | { readonly session: string }
    | { readonly issuer: string; readonly subject: string; readonly actors?: readonly By[]; readonly run?: string };
}

export interface BoundParameter {
  /** The OID of its type. */
  readonly type: number;
  /** 0 text, 1 binary. */
  readonly format: number;
  readonly value: Uint8Array | null;
}

/** SHA-256 over the canonical JSON of what is bound, in hex; text and parameters enter it by their own hashes. */
export function binding({ sql, parameters, role, target, database, searchPath, policy, by, reaches, named }: Bound): string {
  const bound = {
    binding: 'sallyport/binding/v1',
    by:
      'session' in by
        ? { session: by.session }
        : {
            issuer: by.issuer,
            subject: by.subject,
            ...(by.actors && by.actors.length > 0 && { actors: by.actors }),
            ...(by.run !== undefined && { run: by.run }),
          },
    database,
    ...(named && { named: named.map((text) => createHash('sha256').update(text).digest('hex')) }),
    parameters: parametersHash(parameters),
    policy,
    ...(reaches !== undefined && { reaches }),
    role,
    searchPath,
    sql: createHash('sha256').update(sql).digest('hex'),
    target,
  };
  return createHash('sha256').update(canonical(bound)).digest('hex');
}

/** Over type (u32), format (u16), length (i32, −1 for NULL) and bytes of each, so that no two lists run together. */
function parametersHash(parameters: readonly BoundParameter[]): string {
  const hash = createHash('sha256');
  for (const { type, format, value } of parameters) {
    const head = Buffer.alloc(10);
    head.writeUInt32BE(type, 0);
    head.writeUInt16BE(format, 4);
    head.writeInt32BE(value === null ? -1 : value.length, 6);
    hash.update(head);
    if (value !== null) hash.update(value);
  }
  return hash.digest('hex');
}
