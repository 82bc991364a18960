/**
 * ClickHouse's lexical structure, as far as a guard needs it: comments and strings are told from names, and names keep their
 * spelling whether quoted or not.
 */
export interface Token {
  readonly kind: 'name' | 'quoted' | 'string' | 'number' | 'sign';
  /** Names without their quotes; everything else as written. */
  readonly text: string;
  readonly from: number;
  readonly to: number;
}

/** @throws SyntaxError where a string, a quoted name or a comment has no end, or a character has no meaning */
export function tokens(sql: string): Token[] {
  const out: Token[] = [];
  let at = 0;
  while (at < sql.length) {
    const rule = rules.find(({ pattern }) => {
      pattern.lastIndex = at;
      return pattern.test(sql);
    });
    if (!rule) throw new SyntaxError(`no token at character ${at + 1}`);
    const { lastIndex: to } = rule.pattern;
    const text = sql.slice(at, to);
    if (rule.kind === 'quoted') out.push({ kind: 'quoted', text: unquote(text), from: at, to });
    else if (rule.kind !== 'space') out.push({ kind: rule.kind, text, from: at, to });
    at = to;
  }
  return out;
}

// In this order: a sign is whatever begins nothing longer. Typographic quotes delimit names and strings for the engine; here they
// are space, so that what they hold is looked at as names.
const rules: readonly { readonly kind: Token['kind'] | 'space'; readonly pattern: RegExp }[] = [
  { kind: 'space', pattern: /(?:\s|[\u2018\u2019\u201c\u201d])+/y },
  { kind: 'space', pattern: /--[^\n]*|#[ !][^\n]*|\/\*[^]*?\*\//y },
  { kind: 'string', pattern: /'(?:[^'\\]|\\[^]|'')*'/y },
  { kind: 'string', pattern: /\$(\w*)\$[^]*?\$\1\$/y },
  { kind: 'quoted', pattern: /`(?:[^`\\]|``)*`|"(?:[^"\\]|"")*"/y },
  { kind: 'name', pattern: /[A-Za-z_]\w*/y },
  { kind: 'number', pattern: /\d\w*(?:\.\d+)?/y },
  { kind: 'sign', pattern: /[-+*%=<>!,.;:?@()[\]{}|^&~]|\/(?!\*)/y },
];

function unquote(text: string): string {
  const quote = text.charAt(0);
  return text.slice(1, -1).replaceAll(quote + quote, quote);
}
