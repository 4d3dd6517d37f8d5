import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Stack, Validations } from 'aws-cdk-lib';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AwsSolutionsChecks } from 'cdk-nag';
import { afterAll, expect, test } from 'vitest';
import { buildApp } from '../../bin/app.ts';

const outdir = mkdtempSync(join(tmpdir(), 'trunkline-rules-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

function checkedApp(name: string, context: Record<string, unknown> = {}) {
  const app = buildApp({ outdir: join(outdir, name), context });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  return { app, stack: app.node.findChild('Trunkline') as Stack };
}

test('the stack keeps the rules of AWS Solutions and of CloudFormation, or says in its source why not', () => {
  const { app } = checkedApp('ours');
  expect(() => app.synth()).not.toThrow();
});

const example = JSON.parse(
  readFileSync(new URL('../../examples/deploy/cdk.context.json', import.meta.url), 'utf8'),
);
const encryptionKeyArn = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
const given = {
  vpcId: 'vpc-0123456789abcdef0',
  publicSubnetIds: ['subnet-0123456789abcdef0', 'subnet-0123456789abcdef1'],
};
const open = { trunkCidrs: ['0.0.0.0/0'], openToTheWorld: 'yes, behind digest authentication' };

test.each([
  ['as in the example', {}],
  ['with private ways to AWS', { network: { privateEndpoints: true } }],
  ['open to everybody who proves himself', open],
  ['with recordings', { promptsDir: 'examples/ivr/prompts' }],
  ['in a network that is there', { network: given }],
  ['under a key of the operator', {}, { encryptionKeyArn }],
])('the machines keep them, too, %s', (name, more, settings: object = {}) => {
  const fleet = { ...example.trunkline.fleet, ...more };
  const trunkline = { ...example.trunkline, ...settings, fleet };
  const { app } = checkedApp(name.replaceAll(' ', '-'), { trunkline });
  expect(() => app.synth()).not.toThrow();
});

test('a queue that lets unencrypted requests in does not synthesize', () => {
  const { app, stack } = checkedApp('careless');
  new Queue(stack, 'Careless');
  expect(() => app.synth()).toThrow(/Trunkline\/Careless[\s\S]*AwsSolutions-SQS4/);
});
