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

/** Roles of functions by their ARN, and managed policies that are attached to no role of the template by theirs. */
export function principalsOf(
  template: Template,
  ignored: (what: string) => void,
): ReadonlyMap<string, Principal> {
  const statementsIn = ({ logicalId, properties }: Resource) =>
    readStatements(properties['PolicyDocument'], logicalId, ignored);
  const ofType = (type: string) => template.resources.filter((resource) => resource.type === type);
  const attached = [...ofType('AWS::IAM::Policy'), ...ofType('AWS::IAM::ManagedPolicy')];
  const used = new Set(ofType('AWS::Lambda::Function').map(({ properties }) => String(properties['Role'])));
  const roles = ofType('AWS::IAM::Role').filter(({ arn }) => used.has(arn));
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

function attachedTo({ logicalId, properties }: Resource, policies: readonly Resource[]) {
  const name = String(properties['RoleName'] ?? logicalId);
  return policies.filter(({ properties: { Roles } }) => ((Roles ?? []) as string[]).includes(name));
}
