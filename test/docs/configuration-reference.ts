import { configJsonSchema } from '#runtime';

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly items?: Node;
  readonly enum?: readonly string[];
  readonly anyOf?: readonly Node[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** docs/configuration.md, made from the schema of `sallyport.yml`. */
export function configurationReference(): string {
  const { properties = {}, required = [] } = configJsonSchema() as Node;
  const sections = Object.entries(properties).map(([name, node]) => section(name, node, required.includes(name)));
  return `# Configuration

Made from the schemas in \`libs/runtime\` by \`npm run docs\`; a test compares the two.

All services read one file, \`sallyport.yml\`, each its own sections of it; it is named by \`--config\`. Relative paths start from the
folder of the file. A secret never stands in it: it says where the secret is, \`{ env: NAME }\` or \`{ file: path }\`; where the type is
_credential_, in any of the ways of [credentials.md](credentials.md). A key that is not known is refused, and every problem is told at
once, with its line.

${sections.join('\n\n')}
`;
}

function section(name: string, node: Node, isRequired: boolean): string {
  const rows = rowsOf(node, name);
  const own = `${node.description ?? ''} ${isRequired ? 'Required.' : 'May be left out.'}`.trim();
  if (rows.length === 0) return `## ${name}\n\n${own} ${capital(typeOf(node))}.`;
  return `## ${name}\n\n${own}\n\n${['| key | type | default | |', '| --- | --- | --- | --- |', ...rows].join('\n')}`;
}

function rowsOf(node: Node, path: string): string[] {
  if (node.items) return rowsOf(node.items, `${path}[]`);
  return Object.entries(node.properties ?? {}).flatMap(([name, inner]) => {
    const at = `${path}.${name}`;
    const row = `| \`${at}\` | ${typeOf(inner)} | ${defaultOf(inner, node.required?.includes(name) === true)} | ${inner.description ?? ''} |`;
    return isSecret(inner) ? [row] : [row, ...rowsOf(inner, at)];
  });
}

function typeOf(node: Node): string {
  if (isSecret(node)) return node.anyOf?.some(({ properties }) => properties?.sealed) === true ? 'credential' : 'secret';
  if (node.enum) return node.enum.map((value) => `\`${value}\``).join(', ');
  if (node.items) return node.items.properties ? 'list' : `list of ${typeOf(node.items)}`;
  if (node.type === 'integer') return range(node);
  if (node.type === 'string') return 'text';
  return node.type === 'object' ? '' : (node.type ?? '');
}

/** JSON Schema's largest safe integer is no limit that anyone set. */
function range({ minimum, maximum }: Node): string {
  const upper = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  return upper === undefined ? `integer ≥ ${minimum ?? 0}` : `integer, ${minimum ?? 0} to ${upper}`;
}

function defaultOf(node: Node, isRequired: boolean): string {
  if (node.default !== undefined && node.type !== 'object') return `\`${JSON.stringify(node.default).replaceAll('"', '')}\``;
  return isRequired && node.type !== 'object' ? 'required' : '';
}

/** `{ env: NAME }`, or another way to say where it is. */
const isSecret = ({ anyOf }: Node): boolean => anyOf?.some(({ properties }) => properties?.env !== undefined) === true;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
