import { endingComment } from './ending.js';

/**
 * What a text of plain statements has in common with others that differ in whole numbers alone: the text with a 1 for every digit of
 * such a number. As nothing else may be mistaken for one, a text with quotes, dollars, backslashes or comments has no shape; but a
 * comment at its end, as `withoutEnding` leaves it, is no hindrance: all before it is plain, so it is one.
 *
 * What the reader gathers of a SELECT, INSERT, UPDATE or DELETE holds no number's value (that a constant stands there is all that it
 * keeps), and the places of everything stay: so texts of one shape say the same. Those of other statements (`SET x = 1`) do not.
 */
export function shapeOf(text: string): string | undefined {
  const comment = endingComment(text);
  const body = comment && /^x*$/.test(text.slice(comment.from + 2, comment.to - 2)) ? text.slice(0, comment.from) : text;
  return unclear.test(body) ? undefined : body.replace(wholeNumbers, ones) + text.slice(body.length);
}

const unclear = /['"$\\]|--|\/\*/;
// At most nine digits: an integer, whatever they are. Not behind a letter, a dot or a digit, nor before one. Blanks are the lexer's own:
// the text is read a byte at a time, and what `\s` takes for one may be the last byte of a letter.
const wholeNumbers = /(?<=[ \t\n\r\f\v(,=<>+*/-])\d{1,9}(?=[ \t\n\r\f\v),;]|$)/g;
const ones = (digits: string): string => '1'.repeat(digits.length);
