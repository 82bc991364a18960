import { configurationReference } from './configuration-reference.js';
import { eventReference } from './event-reference.js';

/** The documents that are made from schemas: where they lie, and what must stand there. */
export const generated = (): readonly { readonly file: string; readonly text: string }[] => [
  { file: 'docs/events.md', text: eventReference() },
  { file: 'docs/configuration.md', text: configurationReference() },
];
