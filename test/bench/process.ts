import { readFileSync } from 'node:fs';

/** The CPU time that a process has taken so far with all its threads, in microseconds, in steps of 10 ms. Linux only. */
export function cpuMicros(pid: number): number {
  // The name of the program, in brackets, may hold anything; what follows the last bracket is fields 3 and on.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? [];
  const [user, system] = [Number(fields[11]), Number(fields[12])];
  return (user + system) * 10_000;
}

/** The memory that a process holds, in bytes. */
export function residentBytes(pid: number): number {
  const [, kB] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kB) * 1024;
}
