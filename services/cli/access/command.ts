import { Command, Option } from 'commander';
import { z } from 'zod';
import { apiCommand, type ApiOptions, openApi } from '../api/open.js';
import { Ended, exitCodes, Failure } from '../failure.js';
import { colorsOf, type Io, write } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';
import { explanation, Explained } from './explained.js';
import { byFile, type FileOptions, placeOf } from './offline.js';

interface Options extends ApiOptions, FileOptions {
  readonly json?: true;
}

/** What can be said of a principal that is not known to the api. */
const offline = { groups: true, kind: true, actor: true, claims: true };

/** As the api answers. */
const FromApi = z.looseObject({
  policy: z.string(),
  seenAt: z.int().optional(),
  unknownClaims: z.array(z.string()),
  items: z.array(Explained),
});

export function accessCommand(io: Io): Command {
  const access = new Command('access').description('Who gets which role on which database, and why.');
  access.addCommand(
    apiCommand('explain')
      .description(
        'Explain which role of the policy a principal gets, and why not those before it; the masks and rules it meets.',
      )
      .argument('<principal>', '<issuer>#<subject>; or the subject alone, of one that was seen before')
      .argument('<target>', 'a target, or <target>/<database>')
      .option('--policy <file>', 'by this policy file, without the api; the principal is as the options say')
      .option('--groups <names>', 'with --policy: its groups, with commas')
      .addOption(new Option('--kind <kind>', 'with --policy: what it is (default: agent)').choices(['human', 'agent', 'service']))
      .option(
        '--actor <name>',
        "with --policy: who acts in its name, <issuer>#<subject>; or the subject, of the principal's issuer",
      )
      .option('--claims <file>', 'with --policy: JSON of what its token says')
      .option('--json', 'one JSON object')
      .addHelpText(
        'after',
        `
Without --policy the active policy is asked about a principal as it was when it had its last session.
Exit codes: 0 a role fits on each database, 1 none on one of them, 2 wrong usage, 3 no such principal or file.

Examples:
  $ sallyport access explain billing-bot main/shop
  $ sallyport access explain 'https://id.example#anna' main --policy policy.yml --groups dev,oncall --kind human
  $ sallyport access explain 'https://id.example#anna' main/shop --policy policy.yml --claims token.json --json`,
      )
      .action((principal: string, place: string, options: Options) => explain(io, principal, place, options)),
  );
  return access;
}

async function explain(io: Io, principal: string, place: string, { json, ...options }: Options): Promise<void> {
  const { target, database } = placeOf(place);
  const { policy, api: where, token, ...asIf } = options;
  const given = Object.entries(asIf).filter(([option]) => option in offline);
  if (policy === undefined && given.length > 0)
    throw new Failure('usage', {
      what: 'The active policy is asked about principals as they came',
      why: `${given.map(([option]) => `--${option}`).join(', ')} would say something else of one`,
      todo: 'Give --policy <file>, too; or leave them out.',
    });
  const answer =
    policy === undefined
      ? await (
          await openApi(io, { ...(where !== undefined && { api: where }), ...(token !== undefined && { token }) }, 'responder')
        ).get(FromApi, 'access', { principal, target, database })
      : byFile(io, principal, { target, database }, { ...options, policy });
  if (json) await write(io, `${JSON.stringify(answer)}\n`);
  else {
    const { unknownClaims, items } = answer;
    const colors = colorsOf(io);
    if (unknownClaims.length > 0)
      await write(io, `${colors.yellow('Not known of it, and so taken for absent:')} ${printable(unknownClaims.join(', '))}\n`);
    for (const item of items) await write(io, explanation(target, item, colors));
  }
  if (answer.items.some(({ granted }) => granted === null)) throw new Ended(exitCodes.failed);
}
