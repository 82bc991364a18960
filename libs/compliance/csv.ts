/** Text that people wrote is guarded; numbers of ours need not be. */
export type CsvCell = string | number | null;

/** Excel takes a file without it for the code page of the machine. */
const byteOrderMark = '\ufeff';
// What begins like this, spreadsheets run as a formula (OWASP, CSV injection).
const formula = /^[=+\-@\t\r]/;

/** RFC 4180, UTF-8 with a byte order mark; a text that a spreadsheet would run gets an apostrophe before it. */
export const csv = (head: readonly string[], rows: readonly (readonly CsvCell[])[]): Buffer =>
  Buffer.from(byteOrderMark + [head, ...rows].map((row) => `${row.map(cell).join(',')}\r\n`).join(''), 'utf8');

function cell(value: CsvCell): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = formula.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
