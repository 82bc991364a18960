/** Unix milliseconds, from outside. */
export abstract class Clock {
  abstract now(): number;
}
