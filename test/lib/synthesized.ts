import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { type BuildAppProps, buildApp } from '../../bin/app.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
}

/** The template of one stack of the app; its bundles are gone again afterwards. */
export function synthesized(props: BuildAppProps = {}, stack = 'Trunkline'): Template {
  const outdir = mkdtempSync(join(tmpdir(), 'trunkline-synth-'));
  try {
    const app = buildApp({ outdir, validate: false, ...props });
    return Template.fromStack(app.node.findChild(stack) as Stack);
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
}

export const resources = (template: Template, type: string): [string, Resource][] =>
  Object.entries(template.findResources(type) as Record<string, Resource>);
