import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { ApiError, type Authorize, accessKeyOf } from '../../local/cloud/api.ts';
import { needsOf } from './needs.ts';

/** EC2, auto scaling, Secrets Manager and the metadata service of several machines, over HTTP as they speak. */
export interface AwsStandIn extends AsyncDisposable {
  readonly url: string;
  /** The metadata service of one machine. */
  metadataUrl(instanceId: string): string;
  /** Which machine is attached to which interface. */
  readonly attached: Map<string, string>;
  /** Everything that the auto-scaling group was told: `CompleteLifecycleAction i-1 calls-have-ended CONTINUE`. */
  readonly told: string[];
  readonly secrets: Record<string, string>;
  /** What the group wants of the machines. */
  target: string;
  /** Hooks of which a machine has told that it is done: the group waits for none of them. */
  readonly over: Set<string>;
  /** Actions of auto scaling that fail while they stand here. */
  readonly failingActions: Set<string>;
  /** So many requests are answered with this error before one is served. */
  failing: { code: string; times: number };
  /** Before the metadata service answers, ms. */
  metadataDelayMs: number;
  /** Asked before anything is done, where a test has put one here. */
  authorize: Authorize;
  /** Tags of a machine. */
  readonly tags: Map<string, Readonly<Record<string, string>>>;
}

const zones: Readonly<Record<string, string>> = {};
const done = '<ok/>';

export async function startAws(zoneOf: Readonly<Record<string, string>> = zones): Promise<AwsStandIn> {
  const server = createServer((request, response) => {
    void answer(request).then(([status, body]) => response.writeHead(status).end(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const aws: AwsStandIn = {
    url,
    metadataUrl: (instanceId) => `${url}/metadata/${instanceId}`,
    attached: new Map(),
    told: [],
    secrets: {},
    target: 'InService',
    over: new Set(),
    failingActions: new Set(),
    failing: { code: '', times: 0 },
    metadataDelayMs: 0,
    authorize: () => {},
    tags: new Map(),
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage): Promise<[number, string]> {
    const body = await text(request);
    const path = request.url ?? '';
    if (path.startsWith('/metadata/')) return metadata(request, path.split('/').slice(2));
    if (aws.failing.times > 0) {
      aws.failing.times -= 1;
      return [503, errors(aws.failing.code)];
    }
    const form = new URLSearchParams(body);
    const secretId = request.headers['x-amz-target'] && JSON.parse(body).SecretId;
    try {
      aws.authorize(accessKeyOf(request), needsOf(secretId ?? form, aws.tags));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { code, message } = error;
      return [403, secretId ? JSON.stringify({ __type: code, message }) : errors(code, message)];
    }
    if (secretId) return secret(secretId);
    return form.get('Action') === 'AttachNetworkInterface' ? attach(form) : group(form);
  }

  async function metadata(request: IncomingMessage, path: string[]): Promise<[number, string]> {
    if (aws.metadataDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, aws.metadataDelayMs));
    const [id = '', , kind, ...rest] = path;
    if (kind === 'api') return request.method === 'PUT' ? [200, `token-of-${id}`] : [405, ''];
    if (request.headers['x-aws-ec2-metadata-token'] !== `token-of-${id}`) return [401, ''];
    const enis = ['eni-own', ...[...aws.attached].filter(([, who]) => who === id).map(([eni]) => eni)];
    const asked = rest.join('/');
    const mac = /^network\/interfaces\/macs\/mac-(.+)\/interface-id$/.exec(asked)?.[1];
    if (mac) return [200, mac];
    if (asked === 'network/interfaces/macs/') return [200, enis.map((eni) => `mac-${eni}/`).join('\n')];
    if (asked === 'instance-id') return [200, id];
    if (asked === 'placement/availability-zone') return [200, zoneOf[id] ?? 'zone-a'];
    return asked === 'autoscaling/target-lifecycle-state' ? [200, aws.target] : [404, ''];
  }

  function attach(form: URLSearchParams): [number, string] {
    const eni = form.get('NetworkInterfaceId') ?? '';
    if (aws.attached.has(eni)) return [400, errors('InvalidNetworkInterface.InUse')];
    aws.attached.set(eni, form.get('InstanceId') ?? '');
    return [
      200,
      '<AttachNetworkInterfaceResponse><attachmentId>a</attachmentId></AttachNetworkInterfaceResponse>',
    ];
  }

  function group(form: URLSearchParams): [number, string] {
    const parts = ['Action', 'InstanceId', 'LifecycleHookName', 'LifecycleActionResult'];
    aws.told.push(
      parts
        .map((part) => form.get(part))
        .filter(Boolean)
        .join(' '),
    );
    const action = form.get('Action') ?? '';
    if (aws.failingActions.has(action)) return [400, errors('ResourceContention')];
    const hook = `${form.get('InstanceId')} ${form.get('LifecycleHookName')}`;
    if (action === 'CompleteLifecycleAction') {
      if (aws.over.has(hook)) return [400, errors('ValidationError', 'No active Lifecycle Action found')];
      aws.over.add(hook);
    }
    return [200, `<${action}Response><${action}Result>${done}</${action}Result></${action}Response>`];
  }

  const secret = (name: string): [number, string] =>
    name in aws.secrets
      ? [200, JSON.stringify({ SecretString: aws.secrets[name] })]
      : [400, JSON.stringify({ __type: 'ResourceNotFoundException', message: `no secret ${name}` })];
  return aws;
}

/** EC2 wraps them in `Errors`, auto scaling in `ErrorResponse`. */
const errors = (code: string, message = code) =>
  `<ErrorResponse><Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></Errors><Error><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`;
