import { eventBytes } from '#events';

/** What the data of a statement's event may take: the rest is for its envelope, and for the ranges and parts that it accounts for. */
const dataBytes = eventBytes - 96 * 1024;
const nameBytes = 8 * 1024;
const pathBytes = 16 * 1024;

/** Whether an event has room for this. */
export const hasRoom = (value: object): boolean => fits(value, dataBytes);

/** Whether an event has room for the name of a statement or portal, beside all else. */
export const hasRoomForName = (name: string): boolean => fits(name, nameBytes);

/** Whether every decision made on this path has room for it. */
export const hasRoomForPath = (searchPath: readonly string[]): boolean => fits(searchPath, pathBytes);

/** Whether an event has room for a result's columns: their names have at most 63 bytes. */
export const hasRoomForColumns = (columns: readonly object[]): boolean => columns.length <= 256 || hasRoom(columns);

/** JSON of a character takes at most six bytes: only what may be too long by that measure is measured. */
const fits = (value: object | string, bytes: number): boolean =>
  most(value) <= bytes || Buffer.byteLength(JSON.stringify(value)) <= bytes;

function most(value: unknown): number {
  if (typeof value === 'string') return value.length * 6 + 3;
  if (typeof value !== 'object' || value === null) return 20;
  let bytes = 3;
  if (Array.isArray(value)) for (const member of value) bytes += 4 + most(member);
  else for (const key of Object.keys(value)) bytes += key.length + 4 + most(value[key as keyof typeof value]);
  return bytes;
}
