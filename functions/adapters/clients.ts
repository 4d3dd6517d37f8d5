import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * Attempts before a throttled or failing service becomes an error of the function. With the SDK's jittered back-off (20 s at
 * most between attempts) seven span several seconds, inside every function's timeout.
 */
const maxAttempts = 7;

export const dynamoDb = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient({ maxAttempts }), {
    marshallOptions: { removeUndefinedValues: true },
  });

/** `useQueueUrlAsEndpoint: false`: signed requests go to the region's own SQS, whatever host a queue URL from an event names. */
export const sqs = (): SQSClient => new SQSClient({ maxAttempts, useQueueUrlAsEndpoint: false });

export const eventBridge = (): EventBridgeClient => new EventBridgeClient({ maxAttempts });
