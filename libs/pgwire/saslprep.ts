/**
 * Prepares a password for SCRAM as Postgres does: SASLprep (RFC 4013), and the password unchanged where SASLprep forbids it.
 *
 * Two liberties. Bidirectional text is not checked. Unassigned code points are those of this Node's Unicode, not of 3.2: a
 * character assigned since then goes through NFKC here and is left alone by Postgres, which differs only where NFKC changes it.
 */
export function saslprep(password: string): string {
  if (/^[\x20-\x7e]*$/.test(password)) return password;
  const mapped = password.replace(spaces, ' ').replace(mappedToNothing, '');
  // Postgres looks for what is prohibited before it normalises.
  return mapped === '' || prohibited.test(mapped) ? password : mapped.normalize('NFKC');
}

/** RFC 3454 C.1.2. U+200B is in B.1 too; Postgres asks this table first. */
const spaces = /[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/g;
/** RFC 3454 B.1. */
const mappedToNothing = /\u034f|\u200c|\u200d|[\u180b-\u180d]|[\ufe00-\ufe0f]|[\u00ad\u1806\u2060\ufeff]/g;
/** RFC 3454 A.1 and C.2 to C.9: controls, private use, unassigned and non-characters, surrogates, format and tag characters. */
const prohibited =
  /[\p{Cc}\p{Co}\p{Cn}\p{Cs}\u06dd\u070f\u180e\u200e\u200f\u2028-\u202e\u2061-\u2063\u206a-\u206f\u2ff0-\u2ffb\ufff9-\ufffd\u{1d173}-\u{1d17a}\u{e0001}\u{e0020}-\u{e007f}]|\u0340|\u0341/u;
