import { parentPort } from 'node:worker_threads';
import { parseText, redactText } from './libpg.js';
import type { Answer, Question } from './protocol.js';

// A parser that broke is not used again: the error ends this thread, and its owner starts another.
parentPort?.on('message', (question: Question) => {
  const sql = Buffer.from(question.sql.buffer, question.sql.byteOffset, question.sql.byteLength);
  const answer: Answer =
    question.ask === 'parse' ? { ask: 'parse', parsed: parseText(sql) } : { ask: 'redact', redacted: redactText(sql) };
  parentPort?.postMessage(answer);
});
parentPort?.postMessage({ ask: 'ready' } satisfies Answer);
