import type { StepLine } from '../api/client.js';
import { plain } from '../show/text.js';

/** Whether a step says this word, whatever its case: in its text, kind, rule, verdict or outcome. */
export const says = (line: StepLine, word: string): boolean =>
  [line.sql === null ? '' : plain(line.sql), line.type, line.rule, line.verdict, line.outcome, line.tag, line.sqlstate].some(
    (text) => text?.toLowerCase().includes(word.toLowerCase()) === true,
  );

/** The next step that says it, after the current one or before it; round the end. */
export function found(
  lines: readonly StepLine[],
  word: string,
  current: number,
  direction: 'forward' | 'back',
): StepLine | undefined {
  const hits = lines.filter((line) => says(line, word));
  return direction === 'forward'
    ? (hits.find(({ seq }) => seq > current) ?? hits[0])
    : (hits.findLast(({ seq }) => seq < current) ?? hits.at(-1));
}
