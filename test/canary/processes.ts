import { readdirSync, readFileSync } from 'node:fs';

/** What the system tells of a process to everyone who may look. */
export interface SystemProcess {
  readonly pid: number;
  readonly commandLine: string;
  readonly environment: string;
}

/** The processes that have a mark on their command line or in their environment. It is handed down to all that they start. Linux only. */
export function processesWith(mark: string): SystemProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map((name) => ({ pid: Number(name), commandLine: told(name, 'cmdline'), environment: told(name, 'environ') }))
    .filter(({ commandLine, environment }) => `${commandLine}\n${environment}`.includes(mark));
}

function told(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ').trim();
  } catch {
    return ''; // it is gone, or another's
  }
}
