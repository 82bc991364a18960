/** A JSON text that two readers could read differently, or that costs too much to read. */
export class AmbiguousJson extends Error {
  override readonly name = 'AmbiguousJson';
  constructor(readonly problem: 'duplicate-member' | 'too-deep') {
    super(problem === 'too-deep' ? 'it is nested too deeply' : 'an object names a member twice');
  }
}

/** More than any claim that is in use has. */
const deepest = 16;

const string = /"(?:[^"\\]|\\.)*"/y;

/**
 * Parses JSON, but for what JSON.parse would decide silently: of two members of one name it keeps the last, others keep the first
 * (RFC 8259 4). Names are compared as they are meant, escapes resolved.
 * @throws AmbiguousJson, SyntaxError
 */
export function parseUnambiguous(text: string): unknown {
  scan(text);
  return JSON.parse(text);
}

/** Follows nothing but strings and nesting: whether the text is JSON at all, JSON.parse says, which reads no more leniently. */
function scan(text: string): void {
  /** Of each open object the names so far; of an array nothing. */
  const open: (Set<string> | undefined)[] = [];
  let isName = false;
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        isName = text[at] === '{';
        if (open.push(isName ? new Set() : undefined) > deepest) throw new AmbiguousJson('too-deep');
        break;
      case '}':
      case ']':
        open.pop();
        break;
      case ',':
        isName = open.at(-1) !== undefined;
        break;
      case '"': {
        string.lastIndex = at;
        const [token] = string.exec(text) ?? [];
        if (token === undefined) throw new SyntaxError('a string has no end');
        at += token.length - 1;
        if (isName) take(open.at(-1), JSON.parse(token) as string);
        isName = false;
        break;
      }
      default:
    }
  }
}

function take(names: Set<string> | undefined, name: string): void {
  if (names?.has(name)) throw new AmbiguousJson('duplicate-member');
  names?.add(name);
}
