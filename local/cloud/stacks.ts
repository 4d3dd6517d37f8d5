import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where the parts of one synthesized stack lie. */
export interface StackFiles {
  readonly name: string;
  /** The assembly, under which its assets lie. */
  readonly folder: string;
  readonly template: string;
  readonly assets: string;
}

interface Artifact {
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly properties?: { readonly templateFile?: string; readonly stackName?: string };
}

/**
 * The stacks of a cloud assembly, those first that others depend on.
 * @throws Error where it has none of its own: stacks of a CDK stage lie in an assembly inside, which is not read.
 */
export function stacksOf(assembly: string): readonly StackFiles[] {
  const { artifacts } = JSON.parse(readFileSync(join(assembly, 'manifest.json'), 'utf8')) as {
    artifacts: Readonly<Record<string, Artifact>>;
  };
  const stacks = inOrder(artifacts).filter((id) => artifacts[id]?.type === 'aws:cloudformation:stack');
  if (stacks.length === 0)
    throw new Error(`${assembly} has no stack of its own: add one to the app, outside of any stage`);
  return stacks.map((id) => ({
    name: artifacts[id]?.properties?.stackName ?? id,
    folder: assembly,
    template: join(assembly, artifacts[id]?.properties?.templateFile ?? `${id}.template.json`),
    assets: join(assembly, `${id}.assets.json`),
  }));
}

/** Depth first: whatever an artifact depends on stands before it. */
function inOrder(artifacts: Readonly<Record<string, Artifact>>): readonly string[] {
  const ordered = new Set<string>();
  const add = (id: string) => {
    if (ordered.has(id)) return;
    for (const dependency of artifacts[id]?.dependencies ?? []) add(dependency);
    ordered.add(id);
  };
  for (const id of Object.keys(artifacts)) add(id);
  return [...ordered];
}
