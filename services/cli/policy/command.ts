import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { compile } from '#policy';
import { exitCodes, Ended, Failure } from '../failure.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';

export function policyCommand(io: Io): Command {
  const policy = new Command('policy').description('Work on policy files.');
  policy
    .command('check')
    .description('Check a policy file: all its problems at once, each with line and column.')
    .argument('<file>', 'the policy file')
    .option('--json', 'one JSON object: file, and hash, roles, rules, masks or problems')
    .addHelpText(
      'after',
      `
Exit codes: 0 the policy is good, 1 it has problems, 3 there is no such file.

Examples:
  $ sallyport policy check policy.yml
  $ sallyport policy check policy.yml --json | jq -r '.problems[] | [.line, .message] | @tsv'`,
    )
    .action((file: string, { json }: { json?: true }) => check(io, file, json === true ? 'json' : 'text'));
  return policy;
}

async function check(io: Io, file: string, form: 'json' | 'text'): Promise<void> {
  const compiled = compile(read(io, file), file);
  const { green, red } = colorsOf(io);
  if ('policy' in compiled) {
    const { hash, roles, rules, masks } = compiled.policy;
    const counts = { roles: roles.length, rules: rules.length, masks: masks.length };
    if (form === 'json') await write(io, `${JSON.stringify({ file, hash, ...counts })}\n`);
    else
      await write(
        io,
        `${green('✓')} ${printable(file)}: roles ${counts.roles}, rules ${counts.rules}, masks ${counts.masks}\n  SHA-256 ${hash}\n`,
      );
    return;
  }
  const { problems } = compiled;
  if (form === 'json') await write(io, `${JSON.stringify({ file, problems })}\n`);
  else
    for (const { line, column, path: key, message } of problems)
      await write(io, `${red('✗')} ${printable(`${file}:${line}:${column} ${key === '' ? '' : `${key}: `}${message}`)}\n`);
  throw new Ended(exitCodes.failed);
}

function read(io: Io, file: string): Buffer {
  try {
    return readFileSync(path.resolve(io.cwd, file));
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure('notFound', { what: `${file} cannot be read`, why, todo: 'Name a policy file.' }, { cause });
  }
}
