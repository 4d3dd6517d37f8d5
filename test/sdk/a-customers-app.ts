import { fileURLToPath } from 'node:url';
import { App, AssetStaging, Stack } from 'aws-cdk-lib';
import { TrunklinePlatform } from '../../sdk/cdk.ts';

/** Path of a handler of these tests. */
export const handlerFile = (name: string) => fileURLToPath(new URL(`./handlers/${name}.ts`, import.meta.url));

/** An app with a stack that uses the platform, not yet synthesized. */
export function aCustomersApp(outdir: string) {
  AssetStaging.clearAssetHashCache();
  const app = new App({
    analyticsReporting: false,
    outdir,
    builtinCloudFormationValidation: false,
  });
  const stack = new Stack(app, 'Theirs');
  return { app, stack, platform: TrunklinePlatform.fromPrefix(stack, 'Platform') };
}
