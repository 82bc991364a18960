/**
 * The kinds of values that are found by their look alone. All patterns are bounded, so the time is linear in the text, whatever it holds.
 * Bytes are read as latin1: one character a byte, so that what is found keeps its place and its length.
 */
const ssn = /(?<!\d)\d{3}-\d{2}-\d{4}(?!\d)/g;
const email = /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/g;
const digits = /(?<![\d.])[3-6](?:[ -]?\d){12,18}(?![\d])/g;
const candidate = /@|\d{3}-\d{2}-\d{4}|\d(?:[ -]?\d){12}/;

/** Whether bytes may hold such a value: cheap, and never wrong where it says no. */
export const mayHold = (bytes: Buffer): boolean => candidate.test(bytes.toString('latin1'));

/** The same bytes with letters and digits of what was found made `*`, as a copy; undefined where nothing was found. */
export function withoutValues(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1');
  if (!candidate.test(text)) return undefined;
  const covered = text
    .replace(ssn, stars)
    .replace(email, stars)
    .replace(digits, (found: string) => (isCard(found) ? stars(found) : found));
  return covered === text ? undefined : Buffer.from(covered, 'latin1');
}

const stars = (found: string): string => found.replace(/[A-Za-z0-9]/g, '*');

/** Luhn's check digit, ISO/IEC 7812-1 annex B. */
function isCard(found: string): boolean {
  const numbers = Array.from(found.replace(/\D/g, ''), Number).reverse();
  const sum = numbers.reduce((total, digit, i) => total + (i % 2 === 0 ? digit : digit > 4 ? digit * 2 - 9 : digit * 2), 0);
  return numbers.length >= 13 && sum % 10 === 0;
}
