import { timingSafeEqual } from 'node:crypto';

/** Something that a CancelRequest can reach. */
export interface Cancellable {
  cancel(by: 'client'): void;
}

/**
 * Cancel keys of the sessions of this process. The backend's pid is the server's own (notifications and pg_backend_pid() show it);
 * only the secret is ours, so that a client can cancel through the proxy alone.
 */
export class CancelKeys {
  private readonly sessions = new Map<number, { readonly secret: Buffer; readonly session: Cancellable }[]>();

  add(pid: number, secret: Buffer, session: Cancellable): () => void {
    const entry = { secret, session };
    const entries = this.sessions.get(pid) ?? [];
    entries.push(entry);
    this.sessions.set(pid, entries);
    return () => {
      const left = (this.sessions.get(pid) ?? []).filter((other) => other !== entry);
      if (left.length > 0) this.sessions.set(pid, left);
      else this.sessions.delete(pid);
    };
  }

  /** Cancels what runs under this key; a key that nobody has is ignored, as Postgres does. */
  cancel(pid: number, key: Buffer): void {
    for (const { secret, session } of this.sessions.get(pid) ?? [])
      if (secret.length === key.length && timingSafeEqual(secret, key)) session.cancel('client');
  }
}
