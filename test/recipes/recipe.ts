import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a page of docs/recipes says to do: the contents of its fenced blocks, by the word after their language. */
export interface Recipe {
  readonly page: string;
  /** Blocks that are named like a file, by that name. */
  readonly files: ReadonlyMap<string, string>;
  /** ```` ```sh install ````: done once. */
  readonly install: string | undefined;
  /** ```` ```sh run ````: empty on the page of a pipeline whose own file says what is run. */
  readonly run: string;
  /** ```` ```text prints ````: what it prints, in which `…` stands for what differs each time. */
  readonly prints: string;
}

/** @throws Error for a page that prints nothing, or has one block twice */
export const recipeOn = (page: string): Recipe => recipeIn(page, readFileSync(join('docs/recipes', `${page}.md`), 'utf8'));

export function recipeIn(page: string, markdown: string): Recipe {
  const blocks = new Map<string, string>();
  for (const [, name = '', text = ''] of markdown.matchAll(/^```\w+ +(\S+)\n(.*?)^```$/gms)) {
    if (blocks.has(name)) throw new Error(`${page} has ${name} twice`);
    blocks.set(name, text);
  }
  const prints = blocks.get('prints');
  if (prints === undefined) throw new Error(`${page} does not say what is printed`);
  return {
    page,
    files: new Map([...blocks].filter(([name]) => /[./]/.test(name))),
    install: blocks.get('install'),
    run: blocks.get('run') ?? '',
    prints,
  };
}

/** The difference between what was printed and what the page says, as two texts that are equal where there is none. */
export function heldAgainst(printed: string, prints: string): { readonly printed: string; readonly prints: string } {
  const pattern = prints
    .split('…')
    .map((text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    .join('[^\\n]+');
  return new RegExp(`^${pattern}$`).test(printed) ? { printed: prints, prints } : { printed, prints };
}
