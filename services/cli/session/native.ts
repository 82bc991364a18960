import { z } from 'zod';
import type { Text } from '#events';
import type { Api } from '../api/client.js';
import type { Colors } from '../terminal/io.js';
import { printable } from '../terminal/printable.js';

const Content = z.union([z.string(), z.object({ b64: z.string() })]) satisfies z.ZodType<Text>;

const NativeLine = z.looseObject({
  at: z.int(),
  after: z.int(),
  tells: z.string(),
  severity: z.string(),
  sqlstate: z.string().nullable(),
  command: z.string().nullable(),
  message: Content.nullable(),
  withheld: z.string().nullable(),
});
export type NativeLine = z.infer<typeof NativeLine>;

const NativeLines = z.object({ items: z.array(NativeLine), leftOut: z.int() });

/** What Postgres' own log says of a session. */
export class NativeLog {
  private constructor(
    readonly items: readonly NativeLine[],
    private readonly leftOut: number,
  ) {}

  static async of(api: Api, session: string): Promise<NativeLog> {
    const { items, leftOut } = await api.get(NativeLines, `sessions/${session}/native`);
    return new NativeLog(items, leftOut);
  }

  /** The lines of what follows a step, before the next one; -1: of what comes before the first. */
  after(seq: number, colors: Colors): string[] {
    return this.items.filter(({ after }) => after === seq).map((item) => lineOf(item, colors));
  }

  /** Says so where there is more than is shown. */
  rest(colors: Colors): string[] {
    return this.leftOut === 0
      ? []
      : [colors.yellow(`${this.leftOut} more records of postgres are not shown: \`sallyport log cat\` has them`)];
  }
}

function lineOf({ at, severity, sqlstate, command, message, tells, withheld }: NativeLine, colors: Colors): string {
  const words = withheld === null ? wordsOf(message) : `${tells} ${command ?? ''} (${why(withheld)})`;
  const level = severity === 'LOG' ? '' : `${printable(severity)} ${printable(sqlstate ?? '')} `;
  return `${colors.dim(`   ${new Date(at).toISOString().slice(11, 23)}`)}    ${colors.cyan('postgres')}  ${level}${words}`;
}

const why = (withheld: string): string =>
  withheld === 'role' ? 'its words need the role responder' : `its words are withheld: ${withheld}`;

const longest = 200;

function wordsOf(message: Text | null): string {
  if (message === null) return '(its words were not kept)';
  const text = printable(typeof message === 'string' ? message : `base64:${message.b64}`);
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}
