import { fileURLToPath } from 'node:url';
import { App, type AppProps, AssetStaging } from 'aws-cdk-lib';
import { type TrunklineProps, TrunklineStack } from '../lib/trunkline-stack.ts';

export interface BuildAppProps extends TrunklineProps {
  /** Where the template and the bundles go; cdk.out by default. */
  readonly outdir?: string;
  readonly context?: Record<string, unknown>;
}

/** The CDK app, not yet synthesized. Needs no account, no credentials and no network. */
export function buildApp({ outdir, context, ...props }: BuildAppProps = {}): App {
  // Otherwise a second app of this process would point at bundles in the first one's outdir.
  AssetStaging.clearAssetHashCache();
  const appProps: AppProps = { analyticsReporting: false };
  const app = new App({
    ...appProps,
    ...(outdir === undefined ? {} : { outdir }),
    ...(context === undefined ? {} : { context }),
  });
  new TrunklineStack(app, 'Trunkline', {
    description: 'Trunkline: call control for AI voice agents',
    ...props,
  });
  return app;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildApp().synth();
