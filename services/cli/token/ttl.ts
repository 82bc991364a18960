const units: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const longestMs = 3_653 * 86_400_000;

/** `90m`, `12h`, `30d` in milliseconds; undefined for anything else, for nothing, and for more than ten years. */
export function ttlMs(text: string): number | undefined {
  const [, count, unit = ''] = /^(\d{1,9})([mhd])$/.exec(text) ?? [];
  const ms = Number(count) * (units[unit] ?? NaN);
  return ms > 0 && ms <= longestMs ? ms : undefined;
}
