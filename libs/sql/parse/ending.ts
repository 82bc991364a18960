/** The last comment of a text that ends in one, a semicolon aside: its characters [from, to), `/*` and its end included. */
export interface Ending {
  readonly from: number;
  readonly to: number;
}

const slash = 0x2f;
const star = 0x2a;

/**
 * Where a text ends in a comment: looked for from behind, so that a text without one costs a glance. Whether a comment begins there
 * for the server too is not known: a line comment may hold it.
 */
export function endingComment(text: string | Buffer): Ending | undefined {
  let to = text.length;
  while (to > 0 && isBlankOrSemicolon(byteAt(text, to - 1))) to--;
  if (to < 4 || byteAt(text, to - 1) !== slash || byteAt(text, to - 2) !== star) return undefined;
  const from = text.lastIndexOf('/*', to - 4);
  return from < 0 ? undefined : { from, to };
}

const byteAt = (text: string | Buffer, at: number): number => (typeof text === 'string' ? text.charCodeAt(at) : (text[at] ?? 0));

const isBlankOrSemicolon = (byte: number): boolean => byte === 0x3b || byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);

/**
 * The text with an x for each character within the comment that it ends in, so that texts which differ there alone are equal; the text
 * itself where it is not sure that a comment, and nothing but that one comment, begins there.
 */
export function withoutEnding(text: string): string {
  const comment = endingComment(text);
  if (!comment || comment.from > longestBody) return text;
  const content = text.slice(comment.from + 2, comment.to - 2);
  // Comments nest.
  if (content.includes('*/') || !plainBody.test(text.slice(0, comment.from))) return text;
  return `${text.slice(0, comment.from + 2)}${'x'.repeat(content.length)}${text.slice(comment.to - 2)}`;
}

const longestBody = 16 * 1024;

// Whatever is before it is over where the comment begins: each string and quoted name has its end, none has a backslash, no dollar but
// a parameter's, no other comment. Each alternative begins with another character, so a text is read once.
const plainBody = /^(?:[^'"$\\/-]|'[^'\\]*'|"[^"\\]*"|\$\d+|-(?!-)|\/(?!\*))*$/;
