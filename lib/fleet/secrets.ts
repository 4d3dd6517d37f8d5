import { Stack, Validations } from 'aws-cdk-lib';
import type { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { allow } from '../permissions.ts';
import type { FleetSettings } from './fleet-settings.ts';

export interface FleetSecretsProps {
  readonly fleet: FleetSettings;
  /** Of the operator; undefined: AWS's own. */
  readonly key: IKey | undefined;
}

/** What machines know of each other and nobody has written down, and the certificate that the operator has. */
export class FleetSecrets extends Construct {
  /** Between an edge and the SIP server beside it, on loopback. */
  readonly sipServer: Secret;
  /** What edges show to gateways, where there are any. */
  readonly gateways: Secret | undefined;
  private readonly tls: string | undefined;
  private readonly key: IKey | undefined;

  constructor(scope: Construct, id: string, { fleet, key }: FleetSecretsProps) {
    super(scope, id);
    this.key = key;
    this.tls = fleet.tlsSecret;
    this.sipServer = this.made(
      'SipServer',
      'admin port of the SIP server, for the edge beside it',
      'It opens a port on loopback only, and a new one would end the calls of every edge.',
    );
    this.gateways =
      fleet.gateways &&
      this.made(
        'GatewayToken',
        'what edges show to the gateways of agents',
        'Machines read it at their start, and security groups let nobody but edges come to a gateway.',
      );
  }

  /** By which a machine finds them. */
  namesForEdges() {
    return {
      sipServer: this.sipServer.secretArn,
      ...(this.tls ? { tls: this.tls } : {}),
      ...(this.gateways ? { gateways: this.gateways.secretArn } : {}),
    };
  }

  forEdges(): PolicyStatement[] {
    const made = [this.sipServer, ...(this.gateways ? [this.gateways] : [])].map(
      ({ secretArn }) => secretArn,
    );
    // Six characters of AWS's choice end the ARN of a secret.
    const named = { service: 'secretsmanager', resource: `secret:${this.tls}-??????` };
    return this.reading(...made, ...(this.tls ? [Stack.of(this).formatArn(named)] : []));
  }

  forGateways(): PolicyStatement[] {
    return this.gateways ? this.reading(this.gateways.secretArn) : [];
  }

  private reading(...arns: readonly string[]): PolicyStatement[] {
    return [
      ...arns.map((arn) => allow(['secretsmanager:GetSecretValue'], arn)),
      ...(this.key ? [allow(['kms:Decrypt'], this.key.keyArn)] : []),
    ];
  }

  private made(id: string, what: string, whyNeverNew: string): Secret {
    const secret = new Secret(this, id, {
      description: `Trunkline: ${what}`,
      generateSecretString: { excludePunctuation: true, passwordLength: 40 },
      ...(this.key ? { encryptionKey: this.key } : {}),
    });
    Validations.of(secret).acknowledge({ id: 'AwsSolutions-SMG4', reason: whyNeverNew });
    return secret;
  }
}
