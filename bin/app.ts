import { fileURLToPath } from 'node:url';
import { App, AssetStaging } from 'aws-cdk-lib';
import { FleetStack } from '../lib/fleet/fleet-stack.ts';
import { readSettings, type SettingsInput } from '../lib/settings.ts';
import { TrunklineStack } from '../lib/trunkline-stack.ts';

export interface BuildAppProps extends SettingsInput {
  /** Where the template and the bundles go; cdk.out by default. */
  readonly outdir?: string;
  readonly context?: Record<string, unknown>;
  /** False leaves out the check of the template against CloudFormation's rules, which takes more than a second. */
  readonly validate?: boolean;
}

/** The CDK app, not yet synthesized. Needs no account, no credentials and no network. */
export function buildApp({ outdir, context, validate = true, ...settings }: BuildAppProps = {}): App {
  // Otherwise a second app of this process would point at bundles in the first one's outdir.
  AssetStaging.clearAssetHashCache();
  const app = new App({
    analyticsReporting: false,
    builtinCloudFormationValidation: validate,
    // What those rules find is an error, not a warning.
    context: { '@aws-cdk/core:validateAgainstDefaultRules': true, ...context },
    ...(outdir === undefined ? {} : { outdir }),
  });
  const read = readSettings(app.node.tryGetContext('trunkline') ?? {}, settings);
  const control = new TrunklineStack(app, 'Trunkline', {
    description: 'Trunkline: call control for AI voice agents',
    settings: read,
  });
  if (read.fleet) {
    new FleetStack(app, 'TrunklineFleet', {
      description: 'Trunkline: machines that carry calls',
      settings: read,
      fleet: read.fleet,
      control,
    });
  }
  return app;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) buildApp().synth();
