import { type Masked, mayHold, neutral, withoutValues } from '#masking';
import { decodeFault, eachCell, encodeFields, type FaultField } from '#pgwire';
import type { Running } from './running.js';

/** Types whose values are numbers or times: a client would choke on stars in their place, and no text hides in them. */
const numeric: ReadonlySet<number> = new Set([16, 20, 21, 23, 26, 700, 701, 790, 1082, 1083, 1114, 1184, 1186, 1266, 1700]);

/** A DataRow without the values that the net finds; the same bytes where it finds none. Cells keep their length. */
export function netRow(bytes: Buffer, running: Running | undefined): Buffer {
  if (!mayHold(bytes)) return bytes;
  let copy: Buffer | undefined;
  eachCell(bytes, (column, from, to) => {
    if (from < 0 || numeric.has(running?.columns?.[column]?.type ?? 0)) return;
    const covered = withoutValues(bytes.subarray(from, to));
    if (!covered) return;
    copy ??= Buffer.from(bytes);
    covered.copy(copy, from);
    if (running) (running.netted ??= new Set()).add(column);
  });
  return copy ?? bytes;
}

/** Any other message: its text is covered where it lies, whatever its fields. */
export function netMessage(bytes: Buffer): Buffer {
  const covered = withoutValues(bytes.subarray(5));
  return covered ? Buffer.concat([bytes.subarray(0, 5), covered]) : bytes;
}

/** Fields that quote what the server ran or saw. */
const withheld: ReadonlySet<string> = new Set(['D', 'H', 'W', 'q', 'p']);

/**
 * An ErrorResponse or NoticeResponse as the client may read it: in its own text's positions, and without values.
 * @param masked of the statement that it is about; undefined where it is about none, as what a Sync commits
 */
export function netFault(type: 'E' | 'N', bytes: Buffer, masked: Masked | undefined): Buffer {
  if (masked?.kind === 'refused' || (masked?.kind === 'as-is' && masked.touches.length === 0)) return netMessage(bytes);
  const fields = decodeFault(bytes);
  const given = new Map(fields.map(({ code, value }) => [code, value.toString('utf8')]));
  const severity = given.get('V') ?? given.get('S') ?? '';
  const told = neutral({ code: given.get('C') ?? '', severity, context: given.get('W') });
  const shown = fields.flatMap(({ code, value }): FaultField[] => {
    switch (code) {
      case 'C':
        return [{ code, value: told ? Buffer.from(told.code) : value }];
      case 'M':
        return [{ code, value: told ? Buffer.from(told.message) : value }];
      case 'P':
        return [{ code, value: masked?.kind === 'rewritten' ? moved(value, masked.positionOf) : value }];
      default:
        return told && withheld.has(code) ? [] : code === 'W' || code === 'q' || code === 'p' ? [] : [{ code, value }];
    }
  });
  return netMessage(encodeFields(type, shown));
}

const moved = (value: Buffer, positionOf: (position: number) => number): Buffer =>
  Buffer.from(String(positionOf(Number(value.toString('latin1')))));
