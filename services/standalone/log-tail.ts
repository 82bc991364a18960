/**
 * The last lines of a service's log as a person reads them: from its lines of JSON the message, the facts, and what an error says and was
 * caused by; no stack. Other lines as they are.
 */
export const logTail = (log: string, lines: number): string[] => log.trimEnd().split('\n').slice(-lines).map(readable);

function readable(line: string): string {
  const entry = parsed(line);
  if (!entry) return line;
  const { level, msg, err } = entry;
  const facts = Object.entries(entry).flatMap(([name, value]) =>
    ['level', 'time', 'service', 'msg', 'err'].includes(name) ? [] : `${name}=${plain(value)}`,
  );
  return [`${plain(level)}:`, plain(msg), ...facts, ...reasons(err)].join(' ');
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isRecord(value) && 'level' in value && 'msg' in value ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What an error says, then what it was caused by, where that says more. */
function reasons(err: unknown): string[] {
  if (!isRecord(err)) return [];
  const { type, message, cause } = err;
  return [`(${plain(type)}: ${plain(message)})`, ...reasons(isRecord(cause) && cause.message !== message ? cause : undefined)];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null;

const plain = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
