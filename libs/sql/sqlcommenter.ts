import { isRunValue, type RunContext, type RunKey } from '#events';
import { endingComment } from './parse/ending.js';

const keys: ReadonlyMap<string, RunKey> = new Map([
  ['run', 'run'],
  ['conversation', 'conversation'],
  ['tool_call', 'toolCall'],
  ['traceparent', 'traceparent'],
]);

/** Far more than such comments have. */
const longestComment = 4 * 1024;

// key='value', both percent-encoded, with \' for a quote: https://google.github.io/sqlcommenter/spec/
const pair = /\s*([^=,'\s]+)\s*=\s*'((?:[^'\\]|\\.)*)'\s*(?:,|$)/y;

/**
 * What a client says of its run in the comment that a text ends in, as sqlcommenter writes it. A claim: it decides nothing, and
 * replaces nothing that an issuer vouches for. A value that cannot be one, and a comment that is written otherwise, say nothing.
 */
export function commentedRun(sql: Buffer): RunContext | undefined {
  const comment = endingComment(sql);
  if (!comment || comment.to - comment.from > longestComment) return undefined;
  const content = sql.toString('utf8', comment.from + 2, comment.to - 2);
  const run: RunContext = {};
  let found = false;
  for (pair.lastIndex = 0; pair.lastIndex < content.length;) {
    const [, name, quoted] = pair.exec(content) ?? [];
    if (name === undefined || quoted === undefined) return undefined;
    const key = keys.get(decoded(name) ?? '');
    const value = key && decoded(quoted.replace(/\\(.)/g, '$1'));
    if (key === undefined || value === undefined || !isRunValue(key, value)) continue;
    run[key] = { value, by: 'comment' };
    found = true;
  }
  return found ? run : undefined;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a % that encodes nothing
  }
}
