import colors from 'picocolors';

/** Steps on stderr, so that stdout holds results only. */
export function showStep(step: string, ms: number): void {
  process.stderr.write(`${colors.green('✓')} ${step} ${colors.dim(`${Math.round(ms)} ms`)}\n`);
}
