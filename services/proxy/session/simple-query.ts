import { decodeQuery } from '#pgwire';
import type { SessionContext } from './context.js';
import type { Deciding } from './deciding.js';
import { forwardedQuery } from './masking.js';
import type { ClientMessage, Pipeline } from './pipeline.js';
import type { Reading } from './reading.js';
import { meaningOf } from './resolution.js';
import { newRunning } from './running.js';

/** Query: all the statements of a string are decided on together. */
export class SimpleQuery {
  constructor(
    private readonly ctx: SessionContext,
    private readonly pipeline: Pipeline,
    private readonly deciding: Deciding,
    private readonly reading: Reading,
  ) {}

  query(message: ClientMessage): void {
    const { sql } = decodeQuery(message.bytes);
    this.pipeline.gather.flush();
    this.reading.analyse(message, 'query', sql, (written) => {
      this.reading.read(message, 'query', written, sql, [], (meaning) => {
        this.deciding.decide({
          message,
          form: 'query',
          meaning,
          sql,
          parameters: [],
          renew: () => meaningOf(this.ctx, written, sql),
          send: (n, meant) => {
            const { parts, copiesIn, masking } = meant;
            const statements = parts.map((part, i) =>
              newRunning(
                n + i,
                () => {
                  part.applied(n + i);
                },
                meant,
                i,
              ),
            );
            if (statements.length === 0) statements.push(newRunning(n)); // the empty string is answered, too
            const bytes = forwardedQuery(masking, message.bytes);
            this.pipeline.gather.send({ bytes, expected: { kind: 'query', statements, at: 0 } });
            if (copiesIn) this.pipeline.copy = statements.at(-1);
            this.pipeline.gather.flush();
            this.pipeline.ended();
          },
        });
      });
    });
  }
}
