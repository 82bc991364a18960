/**
 * RFC 8785 (JCS), narrowed to what an event may hold: integers within ±(2^53−1), well-formed text, no absent values.
 * @throws NotCanonical when a value has no canonical form.
 */
export function canonical(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return canonicalText(value);
    case 'number':
      return canonicalInteger(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? `[${value.map(canonical).join(',')}]` : canonicalObject(value as Record<string, unknown>);
    default:
      throw new NotCanonical(`a ${typeof value} has no canonical form`);
  }
}

/** Whether these bytes are exactly the canonical form of what they say. */
export function isCanonical(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return Buffer.from(canonical(JSON.parse(text)), 'utf8').equals(bytes);
  } catch {
    return false; // not JSON, or JSON that no event may hold: either way not canonical
  }
}

export class NotCanonical extends Error {
  override readonly name = 'NotCanonical';
}

// ECMAScript's own string serialisation is what RFC 8785 asks for, lone surrogates aside.
const lone = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const mayBeLone = /[\ud800-\udfff]/;

// Most of what events hold: hashes, names, words. Nothing in it is ever escaped.
const plain = /^[ !#-[\]-~]*$/;

export function canonicalText(value: string): string {
  if (value.length <= 64 && plain.test(value)) return `"${value}"`;
  if (mayBeLone.test(value) && lone.test(value)) throw new NotCanonical('text with a lone surrogate');
  return JSON.stringify(value);
}

export function canonicalInteger(value: number): string {
  if (!Number.isSafeInteger(value)) throw new NotCanonical(`${value} is not a safe integer`);
  return value === 0 ? '0' : String(value);
}

function canonicalObject(value: Record<string, unknown>): string {
  // The default sort compares UTF-16 code units, as RFC 8785 3.2.3 asks.
  const members = Object.keys(value)
    .sort()
    .map((key) => `${canonicalText(key)}:${canonical(value[key])}`);
  return `{${members.join(',')}}`;
}
