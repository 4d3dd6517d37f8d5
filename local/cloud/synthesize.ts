import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildApp } from '../../bin/app.ts';

/** Synthesizes the CDK app in this process. Resolves with the folder of the cloud assembly. */
export async function synthesizeApp(outdir?: string): Promise<string> {
  const folder = outdir ?? (await mkdtemp(join(tmpdir(), 'trunkline-synth-')));
  return buildApp({ outdir: folder }).synth().directory;
}
