import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Principal } from '#events';
import { accessOf, compile, databasesNamed, type Policy, type Who } from '#policy';
import { Failure } from '../failure.js';
import type { Io } from '../terminal/io.js';
import type { Explained } from './explained.js';

export interface FileOptions {
  readonly policy?: string;
  readonly groups?: string;
  readonly kind?: Principal['kind'];
  readonly actor?: string;
  readonly claims?: string;
}

export interface Place {
  readonly target: string;
  readonly database: string | undefined;
}

export interface ByFile {
  readonly policy: string;
  readonly unknownClaims: readonly string[];
  readonly items: readonly Explained[];
}

/** `main`, or `main/shop`. */
export function placeOf(text: string): Place {
  const at = text.indexOf('/');
  return at < 0 ? { target: text, database: undefined } : { target: text.slice(0, at), database: text.slice(at + 1) };
}

/** What a policy file makes of a principal that is as the options say. @throws Failure */
export function byFile(io: Io, name: string, { target, database }: Place, options: FileOptions & { policy: string }): ByFile {
  const policy = policyIn(io, options.policy);
  const who = principalOf(io, name, options);
  const databases = database === undefined ? databasesNamed(policy, target) : [database];
  if (databases.length === 0)
    throw new Failure('usage', {
      what: 'It is not known which database is meant',
      why: `no role of ${options.policy} names one of ${target}`,
      todo: `Say ${target}/<database>.`,
    });
  const given = options.claims === undefined ? [] : policy.claimsRead;
  return {
    policy: policy.hash,
    unknownClaims: policy.claimsRead.filter((claim) => !given.includes(claim)),
    items: databases.map((one) => explained(policy, who, target, one)),
  };
}

function explained(policy: Policy, who: Who, target: string, database: string): Explained {
  const { granted, passed, masks, rules } = accessOf(policy, who, target, database);
  return {
    database,
    granted: granted ? { ...granted, mayAssume: [...granted.mayAssume] } : null,
    passed: [...passed],
    masks: masks.map(({ exemptBy = null, ...mask }) => ({ ...mask, exemptBy })),
    rules: [...rules],
  };
}

function principalOf(io: Io, name: string, { groups = '', kind = 'agent', actor, claims }: FileOptions): Who {
  const at = name.lastIndexOf('#');
  if (at <= 0 || at === name.length - 1)
    throw new Failure('usage', {
      what: `${name} names no principal`,
      why: 'a policy file knows none by its subject alone',
      todo: 'Say <issuer>#<subject>.',
    });
  const by = { issuer: name.slice(0, at), subject: name.slice(at + 1) };
  return {
    principal: { ...by, kind, groups: groups.split(',').map((group) => group.trim()).filter((group) => group !== '') }, // prettier-ignore
    actors: actor === undefined ? [] : [actorOf(actor, by.issuer)],
    claims: claims === undefined ? {} : claimsIn(io, claims),
  };
}

function actorOf(name: string, issuer: string): { issuer: string; subject: string } {
  const at = name.lastIndexOf('#');
  return at < 0 ? { issuer, subject: name } : { issuer: name.slice(0, at), subject: name.slice(at + 1) };
}

function policyIn(io: Io, file: string): Policy {
  const compiled = compile(read(io, file), file);
  if ('policy' in compiled) return compiled.policy;
  const [first] = compiled.problems;
  const where = first ? `${file}:${first.line}:${first.column} ${first.path}: ${first.message}` : file;
  throw new Failure('usage', {
    what: `${file} cannot be used`,
    why: where,
    todo: `See all with: sallyport policy check ${file}`,
  });
}

function claimsIn(io: Io, file: string): Who['claims'] {
  let json: unknown;
  try {
    json = JSON.parse(read(io, file).toString('utf8'));
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    json = undefined;
  }
  const claims = z.record(z.string(), z.unknown()).safeParse(json);
  if (claims.success) return claims.data;
  const todo = 'Give the payload of a token, as JSON.';
  throw new Failure('usage', { what: `${file} cannot be used`, why: 'it is no JSON object', todo });
}

function read(io: Io, file: string): Buffer {
  try {
    return readFileSync(path.resolve(io.cwd, file));
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? 'unknown';
    throw new Failure('notFound', { what: `${file} cannot be read`, why, todo: 'Check its name and permissions.' }, { cause });
  }
}
