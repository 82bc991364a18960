import { CommanderError } from 'commander';
import { LogCorrupt, LogFailed, LogGap, type LogReader } from '#event-log';
import { TokenFileBusy } from '#identity';
import { ConfigInvalid } from '#runtime';
import { Ended, exitCodes, Failure } from './failure.js';
import { program } from './program.js';
import { colorsOf, type Io } from './terminal/io.js';

/** Runs one command. Gives its exit code, and writes to stderr why it is not 0. */
export async function run(args: readonly string[], io: Io, open: (dataDir: string) => Promise<LogReader>): Promise<number> {
  try {
    await program(io, open).parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    // Commander has said what was wrong; help and version are no errors.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage;
    if (error instanceof Ended) return error.code;
    const failure = error instanceof Failure ? error : failureOf(error);
    const { what, why, todo } = failure.explanation;
    const { red } = colorsOf({ ...io, stdout: io.stderr });
    io.stderr.write(`${red('error:')} ${what}: ${why}.\n${todo}\n`);
    return exitCodes[failure.reason];
  }
}

/** What the libraries below throw, in the words of who asked. Anything else is a defect, and shown whole. */
function failureOf(cause: unknown): Failure {
  if (cause instanceof LogGap) {
    const todo = 'Start at another offset.';
    return new Failure('notFound', { what: 'The log does not hold what was asked for', why: cause.message, todo }, { cause });
  }
  if (cause instanceof LogCorrupt) {
    const todo = 'Everything before that place is intact. Keep the file: it is evidence.';
    return new Failure('failed', { what: 'The log is damaged', why: cause.message, todo }, { cause });
  }
  if (cause instanceof LogFailed) {
    const todo = 'Check the disk and its permissions.';
    return new Failure('failed', { what: 'The log cannot be read', why: cause.message, todo }, { cause });
  }
  if (cause instanceof ConfigInvalid) {
    const { file, problems, message } = cause;
    const why = problems.length === 1 ? 'it has a problem' : `it has ${problems.length} problems`;
    const todo = `${message}\nCorrect this and try again.`;
    return new Failure('usage', { what: `${file} cannot be used`, why, todo }, { cause });
  }
  if (cause instanceof TokenFileBusy) {
    const todo = 'Try again.';
    return new Failure('failed', { what: 'The service tokens were not changed', why: cause.message, todo }, { cause });
  }
  if (isOfFiles(cause)) {
    const todo = 'Check the path, its permissions, and the space there.';
    return new Failure('failed', { what: 'A file or folder cannot be used', why: cause.message, todo }, { cause });
  }
  const why = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
  return new Failure(
    'failed',
    { what: 'The command broke', why, todo: 'This is a defect of the CLI: please report it.' },
    { cause },
  );
}

/** What Node throws when the system refuses a path. */
const isOfFiles = (cause: unknown): cause is NodeJS.ErrnoException =>
  typeof cause === 'object' && cause !== null && 'syscall' in cause && 'path' in cause;
