import { type Duration, RemovalPolicy, Validations } from 'aws-cdk-lib';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Architecture, LoggingFormat, Runtime, Tracing } from 'aws-cdk-lib/aws-lambda';
import {
  type BundlingOptions,
  NodejsFunction,
  type NodejsFunctionProps,
  OutputFormat,
} from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { keptIn } from '../../lib/dead-letters.ts';

/** Those have props of their own, or are what a handler of events is. */
type Ours =
  | 'deadLetterQueue'
  | 'deadLetterQueueEnabled'
  | 'deadLetterTopic'
  | 'entry'
  | 'environment'
  | 'handler'
  | 'logGroup'
  | 'logRetention'
  | 'maxEventAge'
  | 'memorySize'
  | 'onFailure'
  | 'retryAttempts'
  | 'role'
  | 'timeout';

/** What a function of Lambda may have beside what a CallEventHandler gives it. */
export type FunctionProps = Omit<NodejsFunctionProps, Ours>;

interface Given {
  readonly entry: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeout: Duration;
  readonly memorySize: number;
  readonly maxEventAge: Duration;
  readonly reruns: number;
  readonly deadLetters: Queue;
  readonly logRetention: RetentionDays | undefined;
  readonly more: FunctionProps;
}

/** The function itself, with a log group and a role that may write there. */
export function handlerFunction(scope: Construct, given: Given): NodejsFunction {
  const { entry, environment, timeout, memorySize, maxEventAge, reruns, more } = given;
  const logGroup = new LogGroup(scope, 'Logs', {
    retention: given.logRetention ?? RetentionDays.ONE_MONTH,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  // With AWS's managed policy it could write to every log group of the account.
  const role = new Role(scope, 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  logGroup.grantWrite(role);
  if (more.vpc) role.addToPolicy(inVpc());
  const lambda = new NodejsFunction(scope, 'Function', {
    runtime: Runtime.NODEJS_22_X,
    architecture: Architecture.ARM_64,
    loggingFormat: LoggingFormat.JSON,
    tracing: Tracing.ACTIVE,
    ...more,
    ...{ role, logGroup, entry, timeout, memorySize, maxEventAge },
    environment: { ...environment, NODE_OPTIONS: withSourceMaps(environment['NODE_OPTIONS']) },
    bundling: { ...bundling, ...more.bundling },
    retryAttempts: reruns,
    onFailure: keptIn(given.deadLetters),
  });
  acknowledge(lambda, role);
  return lambda;
}

/** One file with the SDK in it: the version that was tested is the version that runs. */
const bundling: BundlingOptions = {
  format: OutputFormat.ESM,
  target: 'node22',
  mainFields: ['module', 'main'],
  minify: true,
  // Errors in logs and dead letters then name lines of the source; without its text the map stays small.
  sourceMap: true,
  sourcesContent: false,
  bundleAwsSDK: true,
  forceDockerBundling: false,
  // CommonJS parts of the bundle still call require for node's own modules.
  banner: "import{createRequire}from'node:module';const require=createRequire(import.meta.url);",
};

const withSourceMaps = (options = '') => [options, '--enable-source-maps'].filter(Boolean).join(' ');

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html, "Required IAM permissions": none of these takes a resource. */
const inVpc = () =>
  new PolicyStatement({
    actions: [
      'ec2:AssignPrivateIpAddresses',
      'ec2:CreateNetworkInterface',
      'ec2:DeleteNetworkInterface',
      'ec2:DescribeNetworkInterfaces',
      'ec2:DescribeSubnets',
      'ec2:UnassignPrivateIpAddresses',
    ],
    resources: ['*'],
  });

function acknowledge(lambda: NodejsFunction, role: Role): void {
  Validations.of(lambda).acknowledge({
    id: 'AwsSolutions-L1',
    reason:
      'The bundle is written for Node 20 and up; 22 is the runtime that the AWS SDK goes on supporting longest.',
  });
  Validations.of(role).acknowledge({
    id: 'AwsSolutions-IAM5[Resource::*]',
    reason: 'X-Ray takes trace segments for no resource in particular, nor does EC2 network interfaces.',
  });
}
