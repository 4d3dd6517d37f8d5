import { fileURLToPath } from 'node:url';
import { App, AssetStaging, Stack, type StackProps } from 'aws-cdk-lib';
import { TrunklinePlatform } from '../../sdk/cdk.ts';

/** Path of a handler of these tests. */
export const handlerFile = (name: string) => fileURLToPath(new URL(`./handlers/${name}.ts`, import.meta.url));

/** An app of theirs with an empty stack. */
export function anAppOfTheirs(outdir: string, props: StackProps = {}, context: Record<string, unknown> = {}) {
  AssetStaging.clearAssetHashCache();
  const app = new App({
    analyticsReporting: false,
    outdir,
    context,
    builtinCloudFormationValidation: false,
  });
  return { app, stack: new Stack(app, 'Theirs', props) };
}

/** An app with a stack that uses a platform which is deployed, not yet synthesized. */
export function aCustomersApp(outdir: string) {
  const { app, stack } = anAppOfTheirs(outdir);
  return { app, stack, platform: TrunklinePlatform.fromPrefix(stack, 'Platform') };
}
