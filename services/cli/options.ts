import { InvalidArgumentError } from 'commander';

/** How many: a whole number from 1 up. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is not a whole number from 1 up.');
  return Number(text);
}
