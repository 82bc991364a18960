#!/usr/bin/env node
import { exitCodes } from './failure.js';
import { openLog } from './log/open.js';
import { run } from './run.js';

// `sallyport log cat | head`: a reader that has seen enough is no error. A full disk is.
process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
  if (code === 'EPIPE') process.exit(0);
  process.stderr.write(`error: The output cannot be written: ${message}.\n`);
  process.exit(exitCodes.failed);
});

const { stdin, stdout, stderr, env } = process;
process.exitCode = await run(process.argv.slice(2), { stdin, stdout, stderr, env, cwd: process.cwd() }, openLog);
