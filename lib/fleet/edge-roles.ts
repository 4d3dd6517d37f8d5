import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { pascal } from '../outputs.ts';
import { allow } from '../permissions.ts';

interface EdgeIdentity {
  readonly edgeId: string;
  readonly policy: IManagedPolicy;
}

/** A role for each edge, with its own queue and heartbeat: a machine takes on that of its seat and never another's. */
export class EdgeRoles extends Construct {
  private readonly roles: ReadonlyMap<string, Role>;

  constructor(scope: Construct, id: string, edges: readonly EdgeIdentity[], machines: Role) {
    super(scope, id);
    this.roles = new Map(
      edges.map(({ edgeId, policy }) => [
        edgeId,
        new Role(this, pascal(edgeId), {
          assumedBy: machines,
          managedPolicies: [policy],
          description: `Trunkline edge ${edgeId}`,
        }),
      ]),
    );
    for (const { roleArn } of this.roles.values()) machines.addToPolicy(allow(['sts:AssumeRole'], roleArn));
  }

  arnOf(edgeId: string): string {
    return this.roles.get(edgeId)?.roleArn ?? '';
  }
}
