import { Code } from '@mantine/core';
import type { RecordedText } from '../api/client.js';
import classes from './text.module.css';

/** Recorded text in one string; what is no UTF-8 stays base64, and says so. */
export const plain = (text: RecordedText): string => (typeof text === 'string' ? text : `base64:${text.b64}`);

/** A statement's text as it was sent, line by line. */
export function Sql({ text, label }: { readonly text: RecordedText; readonly label: string }) {
  return (
    <Code block className={classes.sql ?? ''} aria-label={label} tabIndex={0}>
      {plain(text)}
    </Code>
  );
}
