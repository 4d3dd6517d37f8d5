import { MachinePlan } from '../../contracts/machine-plan.ts';
import type { Authorizer } from '../../local/cloud/iam/authorizer.ts';
import type { Template } from '../../local/cloud/template.ts';

/** Machines of one auto-scaling group, as the template has them. */
export interface Group {
  readonly plan: MachinePlan;
  /** Access key of the role that its machines have. */
  readonly key: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** The auto-scaling groups of a synthesized fleet by their names, each with what its machines are told at their start. */
export function groupsIn({ resources }: Template, authorizer: Authorizer): ReadonlyMap<string, Group> {
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const arnOf = (id: string) => resources.find(({ logicalId }) => logicalId === id)?.arn ?? id;
  const roleBehind = (profileArn: string) =>
    ofType('AWS::IAM::InstanceProfile').find(({ arn }) => arn === profileArn)?.properties['Roles'] as [
      string,
    ];
  return new Map(
    ofType('AWS::AutoScaling::AutoScalingGroup').map(({ properties: group }) => {
      const { LaunchTemplateId } = group['LaunchTemplate'] as { LaunchTemplateId: string };
      const launch = ofType('AWS::EC2::LaunchTemplate').find(
        ({ logicalId }) => logicalId === LaunchTemplateId,
      );
      const data = launch?.properties['LaunchTemplateData'] as {
        UserData: string;
        IamInstanceProfile: { Arn: string };
      };
      const told = Buffer.from(data.UserData, 'base64').toString();
      const [role] = roleBehind(data.IamInstanceProfile.Arn);
      const tags = group['Tags'] as { Key: string; Value: string }[];
      return [
        String(group['AutoScalingGroupName']),
        {
          plan: MachinePlan.parse(JSON.parse(/^\{.*\}$/m.exec(told)?.[0] ?? '')),
          key: authorizer.keyOf(arnOf(role)),
          tags: Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value])),
        },
      ] as const;
    }),
  );
}
