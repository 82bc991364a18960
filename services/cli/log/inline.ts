import type { PartName } from '#events';

/** An event as JSON, of whatever type and version. */
export type JsonEvent = Readonly<Record<string, unknown>>;

/** A part's content, where it was kept: SQL as its text, the rest as text, or in base64 where it is no UTF-8. */
type Content = { readonly sql: string | readonly string[] } | { readonly text: string } | { readonly base64: string };

/** The event with the content of its parts beside their commitments. A part without content stays as it is. */
export function inlined(event: JsonEvent, parts: ReadonlyMap<PartName, Uint8Array>): JsonEvent {
  const listed = event['parts'];
  if (!Array.isArray(listed)) return event;
  const filled = (listed as JsonEvent[]).map((part) => {
    const bytes = parts.get(part['name'] as PartName);
    if (bytes) return { ...part, ...contentOf(part['name'] as PartName, bytes) };
    return 'withheld' in part ? part : { ...part, erased: true };
  });
  return { ...event, parts: filled };
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export function contentOf(name: PartName, bytes: Uint8Array): Content {
  const sql = name === 'sql' ? statementsIn(Buffer.from(bytes)) : undefined;
  if (sql) return { sql: sql.length === 1 ? (sql[0] ?? '') : sql };
  const text = decoded(bytes);
  return text === undefined ? { base64: Buffer.from(bytes).toString('base64') } : { text };
}

/** The texts of Query and Parse frames; undefined where the bytes are no such frames from end to end (one may span events). */
function statementsIn(bytes: Buffer): string[] | undefined {
  const texts: string[] = [];
  for (let at = 0; at < bytes.length;) {
    const type = bytes.toString('latin1', at, at + 1);
    const end = at + 5 <= bytes.length ? at + 1 + bytes.readUInt32BE(at + 1) : NaN;
    if ((type !== 'Q' && type !== 'P') || !(end <= bytes.length)) return undefined;
    const from = type === 'Q' ? at + 5 : bytes.indexOf(0, at + 5) + 1;
    const to = bytes.indexOf(0, from);
    const text = to >= 0 && to < end ? decoded(bytes.subarray(from, to)) : undefined;
    if (text === undefined) return undefined;
    texts.push(text);
    at = end;
  }
  return texts.length > 0 ? texts : undefined;
}

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined; // no UTF-8
  }
}
