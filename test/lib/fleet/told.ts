import type { Template } from 'aws-cdk-lib/assertions';
import { resources } from '../synthesized.ts';

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

const pseudo: Readonly<Record<string, string>> = {
  'AWS::Region': 'ap-northeast-1',
  'AWS::AccountId': '123456789012',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'TrunklineFleet',
};

/** Names that CloudFormation makes end in a dash and twelve characters; an IAM role's is cut to 64. */
const generated = (stack: string, logicalId: string) => `${stack}-${logicalId}-0A1B2C3D4E5F`;
const place = 'ap-northeast-1:123456789012';

/** What an attribute of a resource may be at its longest. */
function attribute(type: string, logicalId: string, name: string): string {
  const of = `${type} ${name}`;
  if (of === 'AWS::EC2::NetworkInterface Id') return 'eni-0123456789abcdef0';
  if (of === 'AWS::EC2::NetworkInterface PrimaryPrivateIpAddress') return '10.184.128.123';
  if (of === 'AWS::EC2::EIP PublicIp') return '203.100.113.123';
  if (of === 'AWS::IAM::Role Arn')
    return `arn:aws:iam::123456789012:role/${generated('TrunklineFleet', logicalId).padEnd(64, 'x').slice(0, 64)}`;
  if (of === 'AWS::SecretsManager::Secret Ref')
    return `arn:aws:secretsmanager:${place}:secret:${generated('', logicalId)}-AbCdEf`;
  if (of === 'AWS::Logs::LogGroup Ref') return generated('TrunklineFleet', logicalId);
  throw new Error(`${logicalId}: how long may ${of} be?`);
}

/** The user data of each launch template, as a machine gets it: every value of CloudFormation at its longest. */
export function toldTo(template: Template, imported: (name: string) => string): Map<string, string> {
  const all = (template.toJSON() as { Resources: Record<string, { Type: string }> }).Resources;
  const resolve = (value: Json): string => {
    if (typeof value !== 'object' || value === null) return String(value);
    if (Array.isArray(value)) throw new Error('a list is no text');
    const [[name, of] = ['', '']] = Object.entries(value);
    if (name === 'Fn::Join') {
      const [between, parts] = of as [string, Json[]];
      return parts.map(resolve).join(between);
    }
    if (name === 'Fn::Sub')
      return (of as string).replace(/\$\{([^}]+)\}/g, (_, ref) => resolve({ Ref: ref }));
    if (name === 'Fn::ImportValue') return imported(of as string);
    const [id, attributeName] = name === 'Ref' ? [of as string, 'Ref'] : (of as [string, string]);
    return pseudo[id] ?? attribute(all[id]?.Type ?? 'nothing', id, attributeName);
  };
  return new Map(
    resources(template, 'AWS::EC2::LaunchTemplate').map(([id, { Properties }]) => {
      const { UserData } = Properties['LaunchTemplateData'] as { UserData: { 'Fn::Base64': Json } };
      return [id, resolve(UserData['Fn::Base64'])];
    }),
  );
}
