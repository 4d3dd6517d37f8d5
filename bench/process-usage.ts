import { readFileSync } from 'node:fs';

/** USER_HZ: what /proc counts CPU time in (proc(5)). */
const TICKS_PER_SECOND = 100;

/** CPU time of a process so far, user and system, ms. */
export function cpuMs(pid: number): number {
  // The command may hold spaces: fields are counted from behind its closing parenthesis.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/** Resident memory of a process, bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

/** The value below which `share` of the values lie; undefined for none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}
