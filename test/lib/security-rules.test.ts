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
const open = { trunkCidrs: ['0.0.0.0/0'], openToTheWorld: 'yes, behind digest authentication' };

test.each([
  ['as in the example', {}],
  ['with private ways to AWS', { network: { privateEndpoints: true } }],
  ['open to everybody who proves himself', open],
  ['with recordings', { promptsDir: 'examples/ivr/prompts' }],
])('the machines keep them, too, %s', (name, more) => {
  const fleet = { ...example.trunkline.fleet, ...more };
  const { app } = checkedApp(name.replaceAll(' ', '-'), { trunkline: { ...example.trunkline, fleet } });
  expect(() => app.synth()).not.toThrow();
});

test('a queue that lets unencrypted requests in does not synthesize', () => {
  const { app, stack } = checkedApp('careless');
  new Queue(stack, 'Careless');
  expect(() => app.synth()).toThrow(/Trunkline\/Careless[\s\S]*AwsSolutions-SQS4/);
});
