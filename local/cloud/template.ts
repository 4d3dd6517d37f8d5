import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolver } from './intrinsics.ts';
import type { Place, RawTemplate } from './references.ts';

export interface Resource {
  readonly logicalId: string;
  readonly type: string;
  /** Properties with every intrinsic function resolved. */
  readonly properties: Record<string, unknown>;
}

/** A synthesized stack, resolved for this machine. */
export interface Template {
  readonly resources: readonly Resource[];
  readonly outputs: Readonly<Record<string, string>>;
  /** Folder of a file asset by its hash. */
  asset(hash: string): string;
}

/** Reads the one stack of a cloud assembly (the folder `cdk synth` writes). */
export function readTemplate(assembly: string, place: Place): Template {
  const manifest = readJson<{
    artifacts: Record<string, { type: string; properties?: { templateFile?: string } }>;
  }>(join(assembly, 'manifest.json'));
  const stacks = Object.entries(manifest.artifacts).filter(
    ([, { type }]) => type === 'aws:cloudformation:stack',
  );
  const [stack, ...more] = stacks;
  const file = stack?.[1].properties?.templateFile;
  if (!stack || !file || more.length > 0)
    throw new Error(`${assembly} must hold exactly one stack, it holds ${stacks.length}`);
  const assets = readJson<{ files?: Record<string, { source: { path: string } }> }>(
    join(assembly, `${stack[0]}.assets.json`),
  );
  const raw = readJson<RawTemplate>(join(assembly, file));
  const resolve = resolver(raw, place, stack[0]);
  return {
    resources: Object.entries(raw.Resources ?? {})
      .filter(([, { Condition }]) => resolve.condition(Condition))
      .map(([logicalId, { Type: type, Properties = {} }]) => ({
        logicalId,
        type,
        properties: resolve.value(Properties) as Record<string, unknown>,
      })),
    outputs: Object.fromEntries(
      Object.entries(raw.Outputs ?? {})
        .filter(([, { Condition }]) => resolve.condition(Condition))
        .map(([name, { Value }]) => [name, String(resolve.value(Value))]),
    ),
    asset(hash) {
      const path = assets.files?.[hash]?.source.path;
      if (!path) throw new Error(`the assembly has no asset ${hash}`);
      return join(assembly, path);
    },
  };
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
