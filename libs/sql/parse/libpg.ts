import { loadModule, parseSync, scanSync, SqlError } from 'libpg-query';
import { readStatements } from '../read/statements.js';
import type { Node } from '../read/tree.js';
import type { Parsed } from '../written.js';
import { replaceLiterals } from './redact.js';

// The one door to libpg-query. It overflows, spins and truncates on hostile text (see PreScan): who calls this has pre-scanned it.
await loadModule();

/**
 * Parses text of Postgres 18's grammar.
 * @throws whatever the parser's machine throws when it breaks: after that its state is not to be trusted
 */
export function parseText(sql: Buffer): Parsed {
  if (sql.length === 0) return { kind: 'statements', statements: [] };
  try {
    return { kind: 'statements', statements: readStatements(parseSync(sql.toString('utf8')) as unknown as Node, sql) };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    // The server says the same in other words, by its own limits.
    if (/stack depth|memory/i.test(error.message)) return { kind: 'refused', reason: 'nested too deeply' };
    return { kind: 'syntax-error', message: error.message, position: (error.sqlDetails?.cursorPosition ?? 0) + 1 };
  }
}

/** The text with `?` for each literal, or nothing where it does not parse. Throws like `parseText`. */
export function redactText(sql: Buffer): string | undefined {
  const text = sql.toString('utf8');
  if (text.trim() === '') return '';
  try {
    const tree = parseSync(text) as unknown as Node;
    return replaceLiterals(sql, scanSync(text).tokens, tree);
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    return undefined;
  }
}
