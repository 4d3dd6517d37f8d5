import { fileURLToPath } from 'node:url';
import { AssetHashType, DockerImage } from 'aws-cdk-lib';
import { type AssetCode, Code } from 'aws-cdk-lib/aws-lambda';
import { buildSync } from 'esbuild';
import type { HandlerName } from '../functions/env.ts';

const functions = fileURLToPath(new URL('../functions', import.meta.url));

/** One file per function, SDK included: the version that was tested is the version that runs. */
export function bundle(name: HandlerName): AssetCode {
  return Code.fromAsset(functions, {
    assetHashType: AssetHashType.OUTPUT,
    bundling: {
      // Never pulled: esbuild always runs in this process, which is five times as fast as a process per function.
      image: DockerImage.fromRegistry('esbuild-runs-in-process'),
      // Tells the functions apart in CDK's cache of bundles.
      command: [name],
      local: { tryBundle: (directory) => write(name, directory) },
    },
  });
}

function write(name: HandlerName, directory: string): true {
  buildSync({
    entryPoints: [`${functions}/handlers/${name}.ts`],
    outfile: `${directory}/index.mjs`,
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
  return true;
}
