import { BlockList, isIP } from 'node:net';
import type { Exception, Served } from '#reconciliation';
import type { Config } from '#runtime';

type Logs = NonNullable<Config<'reconciler'>['targets'][number]['logs']>;

/** A declared exception covers what has all of its marks. */
export const exceptionOf = ({ name, user, database, application, address }: Logs['exceptions'][number]): Exception => {
  const isInRange = address === undefined ? undefined : range(address);
  return {
    name,
    covers: (served: Served) =>
      (user === undefined || served.user === user) &&
      (database === undefined || served.database === database) &&
      (application === undefined || served.application === application) &&
      (isInRange === undefined || (served.client !== undefined && isInRange(served.client.host))),
  };
};

/** A host as Postgres logs it: an address, `[local]`, or a name where `log_hostname` is on, which no range covers. */
function range(address: string): (host: string) => boolean {
  if (address === 'local') return (host) => host === '[local]';
  const [network = '', bits] = address.split('/');
  const list = new BlockList();
  const family = isIP(network) === 6 ? 'ipv6' : 'ipv4';
  list.addSubnet(network, bits === undefined ? (family === 'ipv6' ? 128 : 32) : Number(bits), family);
  return (host) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
