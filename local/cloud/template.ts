import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolver } from './intrinsics.ts';
import type { Place, RawTemplate, StackPlace } from './references.ts';
import { type StackFiles, stacksOf } from './stacks.ts';

export interface Resource {
  /** Of the template; in a second stack and later ones the stack's name and a hyphen stand before it. */
  readonly logicalId: string;
  readonly type: string;
  readonly arn: string;
  /** Properties with every intrinsic function resolved. */
  readonly properties: Record<string, unknown>;
}

/** Synthesized stacks as one, resolved for this machine. */
export interface Template {
  readonly resources: readonly Resource[];
  /** Where two stacks have outputs of one name, those of the first. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Folder of a file asset by its hash. */
  asset(hash: string): string;
}

/**
 * Reads every stack of cloud assemblies (the folders that `cdk synth` writes), in the order in which they are deployed.
 * A stack sees what those before it export.
 * @throws Error that names an assembly without stacks, a value that is imported and that no stack exports, and one that two
 * stacks export.
 */
export function readTemplate(assemblies: readonly string[], place: Place): Template {
  const exported = new Map<string, string>();
  const stacks = assemblies.flatMap(stacksOf).map((stack, index) =>
    readStack(stack, {
      ...place,
      exported,
      stackName: stack.name,
      namesBeginWith: index === 0 ? '' : `${stack.name}-`,
    }),
  );
  const assets = new Map(stacks.flatMap(({ assets: each }) => each));
  return {
    resources: stacks.flatMap(({ resources }) => resources),
    outputs: Object.assign({}, ...stacks.map(({ outputs }) => outputs).reverse()),
    asset(hash) {
      const path = assets.get(hash);
      if (!path) throw new Error(`the assembly has no asset ${hash}`);
      return path;
    },
  };
}

type Exported = Map<string, string>;

function readStack({ folder, template, assets }: StackFiles, place: StackPlace & { exported: Exported }) {
  const raw = readJson<RawTemplate>(template);
  const resolve = resolver(raw, place);
  const outputs = Object.entries(raw.Outputs ?? {})
    .filter(([, { Condition }]) => resolve.condition(Condition))
    .map(([name, { Value, Export }]) => {
      const value = String(resolve.value(Value));
      if (Export) addExport(place, String(resolve.value(Export.Name)), value);
      return [name, value] as const;
    });
  const { files = {} } = readJson<{ files?: Record<string, { source: { path: string } }> }>(assets);
  return {
    resources: Object.entries(raw.Resources ?? {})
      .filter(([, { Condition }]) => resolve.condition(Condition))
      .map(([logicalId, { Type: type, Properties = {} }]) => ({
        logicalId: `${place.namesBeginWith}${logicalId}`,
        arn: resolve.arn(logicalId),
        type,
        properties: resolve.value(Properties) as Record<string, unknown>,
      })),
    outputs: Object.fromEntries(outputs),
    assets: Object.entries(files).map(([hash, { source }]) => [hash, join(folder, source.path)] as const),
  };
}

/** CloudFormation, too, lets only one stack export a name. */
function addExport(
  { exported, stackName }: StackPlace & { exported: Exported },
  name: string,
  value: string,
) {
  if (exported.has(name))
    throw new Error(
      `the stack ${stackName} exports ${name}, and a stack before it does already; where the platform is there, an app imports it: TrunklinePlatform.fromPrefix`,
    );
  exported.set(name, value);
}

const readJson = <T>(file: string): T => JSON.parse(readFileSync(file, 'utf8')) as T;
