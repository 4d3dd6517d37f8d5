import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';

/**
 * Seven attempts, with the SDK's jittered back-off, carry over several seconds of throttling and stay inside every function's
 * timeout. A connection that says nothing is given up, where the SDK by itself would wait for as long as the function lives.
 */
const patience = {
  maxAttempts: 7,
  requestHandler: { connectionTimeout: 1_000, requestTimeout: 3_000, throwOnRequestTimeout: true },
};

export const dynamoDb = (): DynamoDBDocumentClient =>
  DynamoDBDocumentClient.from(new DynamoDBClient(patience), {
    marshallOptions: { removeUndefinedValues: true },
  });

/** `useQueueUrlAsEndpoint: false`: signed requests go to the region's own SQS, whatever host a queue URL from an event names. */
export const sqs = (): SQSClient => new SQSClient({ ...patience, useQueueUrlAsEndpoint: false });

export const eventBridge = (): EventBridgeClient => new EventBridgeClient(patience);
