import { accessSync, constants, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { Secret } from './secret.js';

/** What a configuration file's words refer to: the folder that relative paths start from, and the environment. */
export interface Place {
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A path, absolute once parsed. It need not exist. */
export const path = (place: Place) =>
  z
    .string()
    .min(1)
    .transform((written) => resolve(place.folder, written));

/** A path to a file that can be read. */
export const readableFile = (place: Place) =>
  path(place).superRefine((absolute, context) => {
    const why = unreadable(absolute);
    if (why) context.addIssue(why);
  });

/** `{ env: NAME }` or `{ file: path }`, never the secret itself. A file's last line break is not part of it. */
export const secret = (place: Place) =>
  z
    .union([z.strictObject({ env: z.string() }), z.strictObject({ file: z.string().min(1) })], {
      // Whatever was written here may be the secret itself: no part of it is repeated.
      error: 'must be { env: NAME } or { file: path }, a secret itself has no place in this file',
    })
    .transform((reference, context): Secret => {
      const found = 'env' in reference ? fromEnvironment(place, reference.env) : fromFile(resolve(place.folder, reference.file));
      if (typeof found === 'object') return found;
      context.addIssue(found);
      return z.NEVER;
    });

function fromEnvironment(place: Place, name: string): Secret | string {
  const value = place.env[name];
  return value === undefined || value === '' ? 'this environment variable is not set' : new Secret(value);
}

function fromFile(file: string): Secret | string {
  const why = unreadable(file);
  if (why) return why;
  const value = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
  return value === '' ? 'this file is empty' : new Secret(value);
}

/** Why a file cannot be read. */
export function unreadable(file: string): string | undefined {
  try {
    accessSync(file, constants.R_OK);
    return undefined;
  } catch (error) {
    return `this file cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}
