import type { Resource, Template } from '../template.ts';
import { readStatements, type Statement } from './statement.ts';

/** Somebody who may do what its policies say. */
export interface Principal {
  /** Logical id of its role, or of the managed policy that stands for one. */
  readonly name: string;
  /** As it is told in a refusal. */
  readonly arn: string;
  readonly statements: readonly Statement[];
}

/** Roles of functions and machines by their ARN, and managed policies that are attached to no role of the template by theirs. */
export function principalsOf(
  template: Template,
  ignored: (what: string) => void,
): ReadonlyMap<string, Principal> {
  const statementsIn = ({ logicalId, properties }: Resource) =>
    readStatements(properties['PolicyDocument'], logicalId, ignored);
  const ofType = (type: string) => template.resources.filter((resource) => resource.type === type);
  const attached = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')];
  const ofFunctions = new Set(
    ofType('AWS::Lambda::Function').map(({ properties }) => String(properties['Role'])),
  );
  const ofMachines = new Set(ofType('AWS::IAM::InstanceProfile').flatMap(rolesIn));
  const roles = ofType('AWS::IAM::Role').filter(
    (role) => ofFunctions.has(role.arn) || ofMachines.has(nameOf(role)),
  );
  const alone = ofType('AWS::IAM::ManagedPolicy').filter(({ properties }) => !properties['Roles']);
  return new Map([
    ...roles.map((role) => {
      const inline = inlineOf(role).flatMap(statementsIn);
      const statements = [...inline, ...attachedTo(role, attached).flatMap(statementsIn)];
      return [role.arn, { name: role.logicalId, arn: assumed(role.arn), statements }] as const;
    }),
    ...alone.map((policy) => {
      const { logicalId: name, arn } = policy;
      return [arn, { name, arn, statements: statementsIn(policy) }] as const;
    }),
  ]);
}

const assumed = (arn: string) => arn.replace(':iam:', ':sts:').replace(':role/', ':assumed-role/');

/** Policies that stand in the role itself. */
const inlineOf = (role: Resource): readonly Resource[] =>
  ((role.properties['Policies'] ?? []) as Record<string, unknown>[]).map((properties) => ({
    ...role,
    properties,
  }));

/** Names of the roles that a policy or an instance profile is for. */
const rolesIn = ({ properties: { Roles } }: Resource) => (Roles ?? []) as readonly string[];
const nameOf = ({ logicalId, properties }: Resource) => String(properties['RoleName'] ?? logicalId);

const attachedTo = (role: Resource, policies: readonly Resource[]) =>
  policies.filter((policy) => rolesIn(policy).includes(nameOf(role)));
