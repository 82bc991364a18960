import { dirname, resolve } from 'node:path';
import { isScalar, type Scalar } from 'yaml';
import { parseFile, read } from './load.js';
import { configJsonSchema } from './parts.js';
import { type SecretReference, secretReference } from './reference.js';
import { referencesIn } from './references.js';

/** A secret that a configuration file refers to, or why it is no reference. */
export type SecretInFile =
  { readonly name: string; readonly reference: SecretReference } | { readonly name: string; readonly wrong: string };

/**
 * Every secret that a configuration file refers to, each checked by itself, whatever else is wrong with the file.
 * @throws ConfigInvalid when it is no YAML
 */
export function readReferences(file: string, env: Readonly<Record<string, string | undefined>>): SecretInFile[] {
  const schema = secretReference({ folder: dirname(resolve(file)), env });
  return referencesIn(configJsonSchema(), parseFile(file, read(file)).value).map(({ name, written }) => {
    const parsed = schema.safeParse(written);
    return parsed.success
      ? { name, reference: parsed.data }
      : { name, wrong: parsed.error.issues.map(({ message }) => message).join('; ') };
  });
}

/**
 * The text of a configuration file with other sealed values in the place of its own; comments, order and form of all else stay.
 * @param other the value for one, which may be the same
 * @throws ConfigInvalid when it is no YAML, and what `other` throws
 */
export async function replaceSealed(
  file: string,
  other: (name: string, sealed: string) => Promise<string>,
): Promise<{ readonly text: string; readonly replaced: readonly string[] }> {
  let text = read(file);
  const { document, value } = parseFile(file, text);
  const found = referencesIn(configJsonSchema(), value).flatMap(({ name, path }) => {
    const node: unknown = document.getIn([...path, 'sealed'], true);
    return isScalar(node) && typeof node.value === 'string' ? [{ name, node: node as Scalar<string> }] : [];
  });
  const replaced: string[] = [];
  // From the end, so that what was found earlier stays where it is.
  for (const { name, node } of found.reverse()) {
    const next = await other(name, node.value);
    if (next === node.value) continue;
    const [start = 0, end = 0] = node.range ?? [];
    const isBlock = node.type === 'BLOCK_FOLDED' || node.type === 'BLOCK_LITERAL';
    text = `${text.slice(0, start)}${next}${isBlock ? '\n' : ''}${text.slice(end)}`;
    replaced.unshift(name);
  }
  return { text, replaced };
}
