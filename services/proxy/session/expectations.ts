import { type Lineage, type Masked, plainLineage } from '#masking';
import { Queue } from './queue.js';
import { type Expected, type Running } from './running.js';

/** An error was answered: the rest of the string, or everything up to Sync, is skipped. */
export type Skipping = 'nothing' | 'string' | 'pipeline';

/** What was sent and is not fully answered, oldest first. */
export class Expectations extends Queue<Expected> {
  /** Whether the server is at work for the client. The proxy's own question is nobody's to cancel. */
  get owesClient(): boolean {
    return this.length > 0 && this.at(0)?.kind !== 'state';
  }

  /** The statement whose answer is coming in. */
  get running(): Running | undefined {
    const head = this.at(0);
    if (head?.kind === 'query') return head.statements[head.at];
    return head?.kind === 'execute' ? head.running : undefined;
  }

  /** What masks made of the text that the server is answering to. */
  get answered(): Masked | undefined {
    const head = this.at(0);
    switch (head?.kind) {
      case 'parse':
        return head.prepared.meaning.masking;
      case 'bind':
      case 'tags':
        return head.portal.meaning.masking;
      case 'describe':
        return head.of?.meaning.masking;
      default:
        return this.running?.masking;
    }
  }

  /** Which columns of the result that the server describes come from masked ones. */
  get lineage(): Lineage {
    const head = this.at(0);
    const described = head?.kind === 'describe' ? head.of : head?.kind === 'tags' ? head.portal : undefined;
    return (described ? described.meaning.lineages[0] : this.running?.lineage) ?? plainLineage;
  }

  /** Takes what a ReadyForQuery answers off the list: the string or FunctionCall at its head, or all up to a Sync. */
  takeAnswered(skipping: Skipping): readonly Expected[] {
    const answered: Expected[] = [];
    for (let head = this.shift(); head; head = this.shift()) {
      answered.push(head);
      const isString = head.kind === 'query' || (head.kind === 'refusal' && head.form === 'query');
      // A Query that came while the server skipped to a Sync was skipped as well.
      if (head.kind === 'sync' || (isString && skipping !== 'pipeline')) break;
    }
    return answered;
  }
}
