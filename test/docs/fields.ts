import { z } from 'zod';

/** One line of a reference: a field, its type in words, and whether it may be absent. */
export interface Field {
  readonly path: string;
  readonly type: string;
  readonly optional: boolean;
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** The fields of an object schema and of the objects in it, in the order of the schema. */
export function fieldsOf(schema: z.core.$ZodType, path = ''): Field[] {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodArray) return fieldsOf(inner.element, `${path}[]`);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape as Shape).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return [{ path: at, type: typeOf(field), optional: field instanceof z.ZodOptional }, ...fieldsOf(field, at)];
  });
}

/** A schema's type in words. @throws TypeError for a kind of schema that no event uses yet */
export function typeOf(schema: z.core.$ZodType): string {
  const inner = unwrap(schema);
  if (inner instanceof z.ZodObject) return 'object';
  if (inner instanceof z.ZodArray) return `list of ${typeOf(inner.element)}`;
  if (inner instanceof z.ZodUnion) return inner.options.map(typeOfMember).join(' or ');
  if (inner instanceof z.ZodEnum) return inner.options.map((option) => `\`${option}\``).join(', ');
  if (inner instanceof z.ZodLiteral) return [...inner.values].map((value) => `\`${String(value)}\``).join(', ');
  if (inner instanceof z.ZodBoolean) return 'boolean';
  if (inner instanceof z.ZodNumber) return (inner.minValue ?? -1) >= 0 ? 'integer ≥ 0' : 'integer';
  if (inner instanceof z.ZodUUID) return 'UUID';
  if (inner instanceof z.ZodBase64) return 'text, base64';
  if (inner instanceof z.ZodString) return textType(inner);
  throw new TypeError(`no words for a schema of type ${inner._zod.def.type}`);
}

const unwrap = (schema: z.core.$ZodType): z.core.$ZodType => (schema instanceof z.ZodOptional ? unwrap(schema.unwrap()) : schema);

function typeOfMember(schema: z.core.$ZodType): string {
  if (!(schema instanceof z.ZodObject)) return typeOf(schema);
  const members = Object.entries(schema.shape as Shape).map(([name, member]) => `"${name}": ${typeOf(member)}`);
  return `{${members.join(', ')}}`;
}

function textType(schema: z.ZodString): string {
  const { pattern } = z.toJSONSchema(schema);
  if (pattern === '^[0-9a-f]{64}$') return 'SHA-256, hex';
  return pattern === undefined ? 'text' : `text, \`${pattern}\``;
}
