import { type DestinationStream, destination, type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/**
 * JSON lines on stderr: a constant message, facts as fields. Never SQL, parameters or secrets.
 * @param to where the lines go, stderr unless told
 */
export const logger = (service: string, to: DestinationStream = destination({ dest: 2, sync: true })): Logger =>
  pino(
    {
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: errorFacts },
    },
    to,
  );

interface ErrorFacts {
  readonly type: string;
  readonly code?: unknown;
  readonly message?: string;
  readonly at?: readonly string[];
  readonly cause?: ErrorFacts;
}

/** What may be told of an error. A database's own error carries a SQLSTATE as `code`; its text may quote a row, so it stays out. */
export function errorFacts(error: unknown): ErrorFacts {
  if (!(error instanceof Error)) return { type: typeof error };
  const { code, severity, cause } = error as Error & { code?: unknown; severity?: unknown };
  return {
    type: error.name,
    ...(code !== undefined && { code }),
    ...(severity === undefined && { message: error.message }),
    at: stackFrames(error),
    ...(cause !== undefined && { cause: errorFacts(cause) }),
  };
}

/** The stack without its first lines, which repeat the message. */
const stackFrames = (error: Error): string[] =>
  (error.stack ?? '')
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .map((line) => line.trim());
