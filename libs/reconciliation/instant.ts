/**
 * The instant of a record, in unix milliseconds. Postgres writes local time with the zone's abbreviation, which many zones share; but
 * its session id begins with the second in which the backend began, and that second is there in local time too: what is between them
 * is the zone's offset. Where the zone has changed since, to summer time or back, only a numeric zone, UTC and GMT are exact.
 * @param timestamp `2026-01-31 08:00:00.123 CET`
 * @param sessionStart the same without milliseconds
 * @param start the backend's beginning, unix milliseconds
 * @returns undefined for what is no timestamp
 */
export function instantOf(timestamp: string, sessionStart: string | undefined, start: number | undefined): number | undefined {
  const local = localOf(timestamp);
  if (local === undefined) return undefined;
  const zone = zoneOf(timestamp);
  if (zone === 'UTC' || zone === 'GMT') return local;
  const numeric = /^([+-])(\d\d):?(\d\d)?$/.exec(zone);
  if (numeric) return local - (numeric[1] === '-' ? -1 : 1) * (Number(numeric[2]) * 60 + Number(numeric[3] ?? 0)) * 60_000;
  const began = sessionStart === undefined ? undefined : localOf(sessionStart);
  return began === undefined || start === undefined ? local : local - (began - start);
}

/** As if it were UTC. */
function localOf(text: string): number | undefined {
  if (text.charCodeAt(4) !== dash || text.charCodeAt(10) !== space) return undefined;
  const number = (from: number, to: number): number => Number(text.slice(from, to));
  const ms = text.charCodeAt(19) === dot ? number(20, 23) : 0;
  const at = Date.UTC(number(0, 4), number(5, 7) - 1, number(8, 10), number(11, 13), number(14, 16), number(17, 19), ms);
  return Number.isNaN(at) || at < 0 ? undefined : at;
}

const zoneOf = (text: string): string => text.slice(text.indexOf(' ', 11) + 1);

const dash = 0x2d;
const space = 0x20;
const dot = 0x2e;
