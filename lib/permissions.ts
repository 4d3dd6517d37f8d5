import { Effect, PolicyStatement } from 'aws-cdk-lib/aws-iam';

type Conditions = Record<string, Record<string, string[]>>;

/** Exact actions on one resource, perhaps under conditions. */
export const allow = (actions: string[], resource: string, conditions: Conditions = {}): PolicyStatement =>
  new PolicyStatement({ effect: Effect.ALLOW, actions, resources: [resource], conditions });

/** Items of this partition only. */
export const inPartition = (key: string): Conditions => ({
  'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [key] },
});

/** Events of this source only: nobody speaks in another's name. */
export const asSource = (source: string): Conditions => ({
  'ForAllValues:StringEquals': { 'events:source': [source] },
});
