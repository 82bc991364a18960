import { PassThrough } from 'node:stream';
import { AskingNobody, AskingSomebody } from './asking.js';
import { fine, problem } from './finding.js';
import { Terminal } from './terminal.js';

/** Somebody at a terminal, who answers each question as it comes. */
class Somebody {
  readonly stdin = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => this.stdin });
  readonly stdout = new PassThrough();
  shown = '';
  readonly io = { stdin: this.stdin as never, stdout: this.stdout, stderr: new PassThrough(), env: {}, cwd: '/' };

  constructor(answers: readonly string[]) {
    const left = [...answers];
    this.stdout.on('data', (chunk: Buffer) => {
      this.shown += chunk.toString();
      if (!chunk.toString().endsWith(': ')) return;
      const answer = left.shift();
      if (answer !== undefined) this.stdin.write(`${answer}\r`);
    });
  }
}

describe('asking somebody', () => {
  const at = (...answers: string[]): { asking: AskingSomebody; somebody: Somebody } => {
    const somebody = new Somebody(answers);
    return { asking: new AskingSomebody(somebody.io, new Terminal(somebody.io)), somebody };
  };

  it('takes what is proposed for an empty answer, and asks again what is wrong', async () => {
    const { asking, somebody } = at('', 'much', '7');
    const port = {
      text: 'port',
      option: '--port',
      objection: (answer: string) => (/^\d+$/.test(answer) ? undefined : 'is a number'),
    };
    expect(await asking.text({ ...port, fallback: '5432' })).toBe('5432');
    expect(await asking.text({ ...port, fallback: undefined })).toBe('7');
    expect(somebody.shown).toContain('is a number');
    asking.close();
  });

  it('does not show a secret', async () => {
    const { asking, somebody } = at('correct horse', 'shown');
    expect(await asking.secret({ text: 'Its password', option: '', given: undefined })).toBe('correct horse');
    expect(await asking.text({ text: 'Its name', option: '' })).toBe('shown');
    expect(somebody.shown).toContain('shown');
    expect(somebody.shown).not.toContain('horse');
    asking.close();
  });

  it('asks again with the answer before, until the check finds it fine', async () => {
    const { asking, somebody } = at('one', 'two');
    const seen: unknown[] = [];
    const settled = await asking.settled(
      (before: string | undefined) => {
        seen.push(before);
        return asking.text({ text: 'which', option: '' });
      },
      (answer) => Promise.resolve(answer === 'two' ? fine('that is it') : problem('not that one', 'Try two.')),
    );
    expect({ settled, seen }).toEqual({ settled: 'two', seen: [undefined, 'one'] });
    expect(somebody.shown).toContain('✗ not that one. Try two.');
    asking.close();
  });

  it('ends when somebody leaves', async () => {
    const { asking, somebody } = at();
    const question = asking.text({ text: 'which', option: '' });
    somebody.stdin.end();
    await expect(question).rejects.toThrow('the questions were left');
  });
});

describe('asking nobody', () => {
  it('tells all that is wrong at the end, each reason once, and nothing of what could not be checked', async () => {
    const err = new PassThrough();
    const asking = new AskingNobody({ stdin: new PassThrough(), stdout: new PassThrough(), stderr: err, env: {}, cwd: '/' });
    const login = () => asking.text({ text: 'login', option: '--login', fallback: 'app' });
    await asking.text({ text: 'port', option: '--port' });
    await asking.settled(login, () => Promise.resolve(problem('app does not get in', 'Check it.')));
    await asking.settled(login, () => Promise.resolve(problem('app does not get in', 'Check it.')));
    await asking.settled(login, () => Promise.resolve(fine('')));
    await asking.settled(login, () => Promise.resolve(fine('it is there')));
    expect(() => {
      asking.end();
    }).toThrow(
      'Nothing was written: 2 answers do not hold.   ✗ --port has to be given\n  ✗ app does not get in. Check it.\nGive others',
    );
    expect((err.read() as Buffer).toString()).toBe('  ✓ it is there\n');
  });
});
