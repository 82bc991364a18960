/** A system call, as `strace -f -yy` tells of it. */
export interface SystemCall {
  readonly name: string;
  /** The lines of the trace in which it began and returned; one that never returned has no end. */
  readonly began: number;
  readonly ended: number | undefined;
  /** As the trace shows them: text escaped as in C. */
  readonly args: string;
  /** The descriptor that it is about, and what that stands for: a path, or `TCP:[from->to]`. */
  readonly descriptor: number | undefined;
  readonly about: string | undefined;
  /** Undefined when it never returned. A descriptor, a count, or −1. */
  readonly result: number | undefined;
}

/** Reads a trace of all threads: calls that others interrupted are put together again. In the order in which they began. */
export function parseTrace(text: string): SystemCall[] {
  const calls: SystemCall[] = [];
  const unfinished = new Map<string, { readonly name: string; readonly args: string; readonly index: number }>();
  for (const [line, whole] of text.split('\n').entries()) {
    const [, thread, rest] = /^(\d+)\s+(.*)$/.exec(whole) ?? [];
    if (thread === undefined || rest === undefined) continue;
    const [, begun, start] = /^(\w+)\((.*?),? ?<unfinished \.\.\.>$/.exec(rest) ?? [];
    if (begun !== undefined && start !== undefined) {
      unfinished.set(thread, { name: begun, args: start, index: calls.length });
      calls.push(call(begun, start, line));
      continue;
    }
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest) ?? [];
    const pending = unfinished.get(thread);
    if (end !== undefined && pending) {
      unfinished.delete(thread);
      const [, more, result] = /^(.*)\)\s+= (-?\d+)/.exec(end) ?? [];
      const began = calls[pending.index]?.began ?? line;
      calls[pending.index] = call(pending.name, `${pending.args}${more ?? ''}`, began, line, result);
      continue;
    }
    const [, name, args, result] = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(rest) ?? [];
    if (name !== undefined && args !== undefined) calls.push(call(name, args, line, line, result));
  }
  return calls;
}

function call(name: string, args: string, began: number, ended?: number, result?: string): SystemCall {
  const [, descriptor, about] = /^(\d+)<(.*?)>(?=, |$)/.exec(args) ?? [];
  return {
    name,
    began,
    ended,
    args,
    descriptor: descriptor === undefined ? undefined : Number(descriptor),
    about,
    result: result === undefined ? undefined : Number(result),
  };
}
