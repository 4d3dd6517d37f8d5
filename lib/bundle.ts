import { existsSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import type { HandlerName } from '../functions/env.ts';
import { type Bundles, buildBundles, functionsFolder } from './build-bundles.ts';

/** The functions of the packed package; beside the sources there is no such folder. */
const packed = fileURLToPath(new URL('../bundles', import.meta.url));

/** The code of a function, SDK included: the version that was tested is the version that runs. */
export const bundle = (scope: Construct, name: HandlerName): AssetCode =>
  existsSync(packed) ? Code.fromAsset(`${packed}/${name}`) : fromSources(scope, name);

function fromSources(scope: Construct, name: HandlerName): AssetCode {
  const files = bundlesOf(scope.node.root);
  return Code.fromAsset(functionsFolder, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: esbuild always runs on this machine.
      image: DockerImage.fromRegistry('esbuild-runs-on-this-machine'),
      // Tells the functions apart in CDK's cache of bundles.
      command: [name],
      local: {
        tryBundle(directory) {
          writeFileSync(`${directory}/index.mjs`, files.get(name) ?? '');
          return true;
        },
      },
    },
  });
}

const bundlesByApp = new WeakMap<IConstruct, Bundles>();

/** Once per app. */
function bundlesOf(app: IConstruct): Bundles {
  const bundles = bundlesByApp.get(app) ?? buildBundles();
  bundlesByApp.set(app, bundles);
  return bundles;
}
