import type { Text } from '#events';
import { decodeBind, MalformedMessage } from '#pgwire';
import { type Cell, type Recorded, steps } from '#replay';

/** What a human is asked to approve: the text and the parameters, as far as they were kept. */
export interface HeldStatement {
  readonly sql: Text | null;
  /** Null where it was not bound, or its parameters were not kept. */
  readonly parameters: readonly Cell[] | null;
}

/** Finds in a session's recording what its statement `n` was when the approval was asked for. */
export function heldStatement(recording: readonly Recorded[], approval: string): HeldStatement | undefined {
  let bind: Buffer | undefined;
  for (const { event, sql, messages } of steps(recording)) {
    for (const { dir, type, frame } of messages)
      if (dir === 'c' && type === 'B') bind = frame instanceof Uint8Array ? Buffer.from(frame) : undefined;
    if (event.type !== 'statement.decided' || event.data.approval !== approval || event.data.verdict !== 'hold') continue;
    return { sql, parameters: event.data.form === 'query' || bind === undefined ? null : parametersOf(bind) };
  }
  return undefined;
}

function parametersOf(frame: Buffer): Cell[] | null {
  try {
    const { parameters, parameterFormats } = decodeBind(frame);
    return parameters.map((value, i) => {
      if (value === null) return null;
      return parameterFormats[i] === 'text' ? value.toString('utf8') : { hex: value.toString('hex') };
    });
  } catch (error) {
    if (error instanceof MalformedMessage) return null; // the server refused it as well
    throw error;
  }
}
