import { randomUUID } from 'node:crypto';
import { ApiError, json, type LocalService, parseBody, Unreachable } from './api.ts';
import type { Faults } from './faults.ts';
import type { Place } from './references.ts';

interface Request {
  readonly Name?: string;
  readonly SecretId?: string;
  readonly SecretString?: string;
  readonly VersionId?: string;
  readonly VersionStage?: string;
}

interface Secret {
  readonly name: string;
  readonly arn: string;
  text: string | undefined;
  versionId: string;
}

export interface SecretsParts {
  readonly place: () => Place;
  readonly faults: Faults;
  /** Values that are there from the start, by name. */
  readonly initial: Readonly<Record<string, string>>;
}

const notFound = () =>
  new ApiError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");

/** Secrets Manager: secrets of one version each, in memory, over the JSON protocol. */
export function createSecrets({ place, faults, initial }: SecretsParts): LocalService {
  const secrets = new Map<string, Secret>();
  const create = ({ Name = '', SecretString }: Request) => {
    if (!/^[A-Za-z0-9/_+=.@-]{1,512}$/.test(Name))
      throw new ApiError('InvalidParameterException', 'Invalid name. Use alphanumerics and /_+=.@-');
    if (secrets.has(Name))
      throw new ApiError('ResourceExistsException', `a secret with the name ${Name} already exists`);
    const arn = arnIn(place(), `${Name}-${randomUUID().slice(0, 6)}`);
    const secret = { name: Name, arn, text: SecretString, versionId: randomUUID() };
    secrets.set(Name, secret);
    return { ARN: arn, Name, ...(SecretString === undefined ? {} : { VersionId: secret.versionId }) };
  };
  const find = ({ SecretId = '' }: Request): Secret => {
    const secret = secrets.get(SecretId) ?? [...secrets.values()].find(hasArn(SecretId, place()));
    if (!secret) throw notFound();
    return secret;
  };
  const operations: Readonly<Record<string, (request: Request) => object>> = {
    CreateSecret: create,
    PutSecretValue(request) {
      const secret = find(request);
      if (request.SecretString === undefined)
        throw new ApiError('InvalidRequestException', 'You must provide SecretString here.');
      Object.assign(secret, { text: request.SecretString, versionId: randomUUID() });
      return answered(secret);
    },
    DescribeSecret(request) {
      const { arn, name, text, versionId } = find(request);
      const versions = text === undefined ? {} : { VersionIdsToStages: { [versionId]: ['AWSCURRENT'] } };
      return { ARN: arn, Name: name, ...versions };
    },
    GetSecretValue(request) {
      const secret = find(request);
      const { VersionStage = 'AWSCURRENT', VersionId = secret.versionId } = request;
      if (secret.text === undefined || VersionStage !== 'AWSCURRENT' || VersionId !== secret.versionId)
        throw notFound();
      return { ...answered(secret), SecretString: secret.text, CreatedDate: Date.now() / 1000 };
    },
  };
  return {
    name: 'Secrets Manager',
    target: 'secretsmanager',
    emulates: [],
    async start() {
      for (const [Name, SecretString] of Object.entries(initial)) create({ Name, SecretString });
    },
    needs(call) {
      const { SecretId = '', Name = SecretId } = parseBody<Request>(call);
      const resource = secrets.get(Name)?.arn ?? arnIn(place(), Name);
      return [{ action: `secretsmanager:${call.operation}`, resource }];
    },
    async handle(call) {
      if (faults.secretsDown) throw new Unreachable();
      const operation = operations[call.operation];
      if (operation) return json(operation(parseBody<Request>(call)));
      const message = `Secrets Manager ${call.operation} is not emulated on this machine`;
      throw new ApiError('NotImplemented', message, 501);
    },
    async [Symbol.asyncDispose]() {
      secrets.clear();
    },
  };
}

/** In a template the end of an ARN is another: it is resolved before the secret is there. */
const hasArn =
  (asked: string, at: Place) =>
  ({ arn, name }: Secret): boolean =>
    arn === asked || arnIn(at, name) === asked.replace(/-\w{6}$/, '');

/** Of a secret that is not there, or is named by its ARN. */
const arnIn = ({ region, accountId }: Place, name: string) =>
  name.startsWith('arn:') ? name : `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}`;

const answered = ({ arn, name, versionId }: Secret) => ({
  ARN: arn,
  Name: name,
  VersionId: versionId,
  VersionStages: ['AWSCURRENT'],
});
