import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import type { Construct, IConstruct } from 'constructs';
import { buildSync } from 'esbuild';
import { type HandlerName, handlerEnvs } from '../functions/env.ts';

const functions = fileURLToPath(new URL('../functions', import.meta.url));

/** One file per function, SDK included: the version that was tested is the version that runs. */
export function bundle(scope: Construct, name: HandlerName): AssetCode {
  const files = bundlesOf(scope.node.root);
  return Code.fromAsset(functions, {
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

type Bundles = ReadonlyMap<string, Uint8Array>;
const bundlesByApp = new WeakMap<IConstruct, Bundles>();

/** All functions in one run of esbuild, a third of the time of one run each; once per app. */
function bundlesOf(app: IConstruct): Bundles {
  const bundles = bundlesByApp.get(app) ?? build();
  bundlesByApp.set(app, bundles);
  return bundles;
}

function build(): Bundles {
  const { outputFiles } = buildSync({
    entryPoints: Object.keys(handlerEnvs).map((name) => `${functions}/handlers/${name}.ts`),
    outdir: functions,
    write: false,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    mainFields: ['module', 'main'],
    // CommonJS parts of the bundle still call require for node's own modules.
    banner: { js: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);" },
    logLevel: 'warning',
  });
  return new Map(
    outputFiles.map(({ path, contents }) => [/([^/\\]+)\.js$/.exec(path)?.[1] ?? path, contents]),
  );
}
