import { Command } from 'commander';
import type { Io } from '../terminal/io.js';
import { check } from './check.js';
import { makeKey } from './key.js';
import { rotate } from './rotate.js';
import { sealValue } from './seal.js';

const configOption = ['--config <file>', 'the configuration file (default: sallyport.yml here or in a folder above)'] as const;

/** Exit code 1: a secret cannot be had. */
export function secretsCommand(io: Io): Command {
  const secrets = new Command('secrets').description(
    'Passwords of logins: seal them, rotate the keys, check that they can be had.',
  );
  secrets
    .command('key')
    .description('Make a key to seal under, in a file that only you can read (0600).')
    .requiredOption('--out <file>', 'the file; it must not be there yet')
    .option('--add', 'put a new key before those that the file has: `secrets rotate` then seals under it')
    .option('--json', 'one JSON object: file, kid')
    .addHelpText(
      'after',
      `
Name the file in sallyport.yml: \`secrets: { key: { file: … } }\`. Keep a copy of it where the file is not: what is sealed is lost with it.

Examples:
  $ sallyport secrets key --out .sallyport/secrets/sealing.keys
  $ sallyport secrets key --out .sallyport/secrets/sealing.keys --add && sallyport secrets rotate`,
    )
    .action((options: Parameters<typeof makeKey>[1]) => makeKey(io, options));
  secrets
    .command('seal')
    .description('Seal a secret for sallyport.yml. It is asked for, or read from standard input; never from the command line.')
    .option(...configOption)
    .option('--json', 'one JSON object: sealed, kid')
    .addHelpText(
      'after',
      `
What it prints goes where the secret would: \`password: { sealed: … }\`. One line break at the end of the input is not part of it.

Examples:
  $ sallyport secrets seal
  $ pass show shop/app | sallyport secrets seal --config sallyport.yml
  $ sallyport secrets seal --json < password.txt | jq -r .sealed`,
    )
    .action((options: Parameters<typeof sealValue>[1]) => sealValue(io, options));
  secrets
    .command('rotate')
    .description('Seal every sealed value of the file anew, under the newest key. Comments and form of the file stay.')
    .option(...configOption)
    .option('--dry-run', 'say which would be, and write nothing')
    .option('--json', 'one JSON object: kid, rotated, written')
    .addHelpText(
      'after',
      `
Services read the file at their start: start them again before the old key goes out of the file of keys.

Examples:
  $ sallyport secrets rotate --dry-run
  $ sallyport secrets key --out .sallyport/secrets/sealing.keys --add && sallyport secrets rotate`,
    )
    .action((options: Parameters<typeof rotate>[1]) => rotate(io, options));
  secrets
    .command('check')
    .description('Get every secret that the file refers to, and say which cannot be had, and why. None is shown.')
    .option(...configOption)
    .option('--json', 'one JSON object a line: name, reference, state, why')
    .addHelpText(
      'after',
      `
Run it as the user, and in the environment, that the services run in. Exit code 1: at least one cannot be had.

Examples:
  $ sallyport secrets check
  $ sallyport secrets check --json | jq -r 'select(.state == "missing") | .name'`,
    )
    .action((options: Parameters<typeof check>[1]) => check(io, options));
  return secrets;
}
