import { z } from 'zod';
import { canonical, canonicalInteger, canonicalText } from './canonical.js';

type Write = (value: never) => string;

/**
 * Compiles a schema into a writer of canonical JSON: the keys of its objects are sorted once, here, and never again.
 * A value must already satisfy the schema: a key that the schema lacks is not written.
 */
export function template<S extends z.ZodType>(schema: S): (value: z.infer<S>) => string {
  return compile(schema) as (value: z.infer<S>) => string;
}

const shared = new WeakSet<z.core.$ZodType>();

/** Marks a schema of objects that many events hold one and the same of, and nobody changes: each is written once. */
export function writtenOnce<S extends z.ZodObject>(schema: S): S {
  shared.add(schema);
  return schema;
}

function compile(schema: z.core.$ZodType): Write {
  if (schema instanceof z.ZodObject) return compileObject(schema);
  if (schema instanceof z.ZodArray) return compileArray(schema);
  if (schema instanceof z.ZodOptional) return compile(schema.unwrap());
  if (schema instanceof z.ZodLiteral) return compileLiteral(schema);
  if (schema instanceof z.ZodNumber) return canonicalInteger;
  if (schema instanceof z.ZodString || schema instanceof z.ZodStringFormat || schema instanceof z.ZodEnum) return canonicalText;
  if (schema instanceof z.ZodBoolean) return (value: boolean) => (value ? 'true' : 'false');
  return canonical; // unions and records: rare, and short enough to be sorted as they come
}

function compileObject(schema: z.ZodObject): Write {
  const members = Object.keys(schema.shape)
    .sort()
    .map((key) => ({ key, name: `${canonicalText(key)}:`, write: compile(schema.shape[key] as z.ZodType) }));
  const write = (value: Readonly<Record<string, unknown>>): string => {
    let out = '';
    for (const { key, name, write } of members) {
      const member = value[key];
      if (member !== undefined) out += (out === '' ? '{' : ',') + name + write(member as never);
    }
    return out === '' ? '{}' : `${out}}`;
  };
  return shared.has(schema) ? once(write) : write;
}

function once<V extends object>(write: (value: V) => string): (value: V) => string {
  const texts = new WeakMap<V, string>();
  return (value) => {
    const known = texts.get(value);
    if (known !== undefined) return known;
    const text = write(value);
    texts.set(value, text);
    return text;
  };
}

function compileArray(schema: z.ZodArray): Write {
  const write = compile(schema.element);
  return (value: never[]) => {
    let out = '[';
    for (let i = 0; i < value.length; i++) out += (i === 0 ? '' : ',') + write(value[i] as never);
    return `${out}]`;
  };
}

function compileLiteral(schema: z.ZodLiteral): Write {
  const texts = new Map([...schema.values].map((value) => [value, canonical(value)]));
  return (value: string) => texts.get(value) ?? canonical(value);
}
