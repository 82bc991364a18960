/** Arguments of `postgres` by which it logs as docs/native-logs.md says, and every statement too. */
export const loggingFlags = (destination: 'jsonlog' | 'csvlog' | 'jsonlog,csvlog'): string[] =>
  [
    'logging_collector=on',
    `log_destination=${destination}`,
    'log_connections=on',
    'log_disconnections=on',
    'log_statement=all',
    'log_timezone=UTC',
  ].flatMap((setting) => ['-c', setting]);
