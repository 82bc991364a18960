import { resolve } from 'node:path';
import { z } from 'zod';
import { type Place, readableFile, unreadable } from './place.js';

/** Where a secret is, never the secret itself. Paths are absolute. */
export type SecretReference =
  | { readonly env: string }
  | { readonly file: string }
  /** A compact JWE, sealed under one of the keys of the section `secrets`. */
  | { readonly sealed: string }
  /** A field of a secret in Vault's KV engine. */
  | { readonly vault: { readonly path: string; readonly field: string } }
  /** What a program prints: its path and its arguments, no shell. It sees PATH, HOME, LANG and the variables that are named. */
  | { readonly command: readonly string[]; readonly environment: readonly string[]; readonly cacheSeconds: number };

/** In words that may be logged: neither the secret, nor the arguments of a command, which may hold another. */
export function describeReference(reference: SecretReference): string {
  if ('env' in reference) return `environment variable ${reference.env}`;
  if ('file' in reference) return `file ${reference.file}`;
  if ('sealed' in reference) return 'sealed value';
  if ('vault' in reference) return `Vault's ${reference.vault.path}, field ${reference.vault.field}`;
  return `command ${reference.command[0] ?? ''}`;
}

const environment = z.strictObject({ env: z.string() });
const file = z.strictObject({ file: z.string().min(1) });
const sealed = z.strictObject({
  // Five parts of base64url, the second empty or an encrypted key: RFC 7516 3.1.
  sealed: z.string().regex(/^[\w-]+\.[\w-]*\.[\w-]+\.[\w-]+\.[\w-]+$/, 'is not what `sallyport secrets seal` prints'),
});

const vault = z.strictObject({ vault: z.strictObject({ path: z.string().min(1), field: z.string().min(1) }) });

const command = z.strictObject({
  command: z.array(z.string().min(1)).min(1),
  environment: z.array(z.string().min(1)).default([]),
  cacheSeconds: z.int().min(1).max(86_400).default(600),
});

/** What can be said of a reference now is checked now: that the variable is set, and the file readable. */
const checked =
  (place: Place) =>
  (reference: SecretReference, context: z.RefinementCtx): SecretReference => {
    const found = 'file' in reference ? { file: resolve(place.folder, reference.file) } : reference;
    const why = 'file' in found ? unreadable(found.file) : 'env' in found && !place.env[found.env] ? unset : undefined;
    if (why !== undefined) context.addIssue(why);
    return found;
  };
const unset = 'this environment variable is not set';

// Whatever was written here may be the secret itself: no part of it is repeated.
const none = (ways: string) => ({ error: `must be ${ways}; a secret itself has no place in this file` });
const any = z.union(
  [environment, file, sealed, vault, command],
  none('{ env: NAME }, { file: path }, { sealed: JWE }, { vault: { path, field } } or { command: [program, argument, …] }'),
);
const keys = z.union([environment, file, command], none('{ env: NAME }, { file: path } or { command: [program, argument, …] }'));
const token = z.union([environment, file], none('{ env: NAME } or { file: path }'));

/** One that is had when it is needed, in any of the ways. */
export const secretReference = (place: Place) => any.transform(checked(place));

const isLoopback = ({ hostname }: URL): boolean => ['localhost', '127.0.0.1', '[::1]'].includes(hostname);

/** The section `secrets`: what is needed to have the secrets that others refer to. */
export const secretsSection = (place: Place) =>
  z.strictObject({
    key: keys
      .transform(checked(place))
      .optional()
      .describe('The keys that open what is sealed, a line each, the newest first: `sallyport secrets key` makes such a file.'),
    vault: z
      .strictObject({
        address: z
          .url({ protocol: /^https?$/ })
          .refine((text) => !URL.canParse(text) || text.startsWith('https:') || isLoopback(new URL(text)), {
            message: 'must be https, except on this machine',
          })
          .describe('Where Vault answers: `https://vault.example:8200`.'),
        token: token
          .transform(checked(place))
          .describe('The token to ask with. A file is read again when it changes, as an agent of Vault writes it.'),
        namespace: z.string().min(1).optional().describe('The namespace, for Vault Enterprise.'),
        ca: readableFile(place).optional().describe("Certificates to trust, PEM. Without it: the system's."),
        mount: z
          .string()
          .regex(/^[^/].*[^/]$|^[^/]$/, 'must be without a slash at its ends')
          .optional()
          .describe(
            'With it, paths are those of `vault kv get -mount`. Without it, they are those of the API: `secret/data/app`.',
          ),
        cacheSeconds: z.int().min(1).max(86_400).default(300).describe('How long a value is used before it is asked for again.'),
      })
      .optional()
      .describe("Where `{ vault: … }` is asked for: HashiCorp Vault's KV engine, version 2 or 1, or what speaks its API."),
  });
