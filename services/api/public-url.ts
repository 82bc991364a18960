import type { Config } from '#runtime';

/** Where people and programs reach the api, without a slash at the end: what redirects, metadata and audiences are made of. */
export function publicUrlOf({ publicUrl, host, port }: Config<'api'>['api']): string {
  const local = `http://${fromHere[host] ?? (host.includes(':') ? `[${host}]` : host)}:${port}`;
  return (publicUrl ?? local).replace(/\/+$/, '');
}

/** What listens on all addresses is asked on this machine. */
const fromHere: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '[::1]' };
