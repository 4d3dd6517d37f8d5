const connections = { keepAlive: true, maxSockets: 64 } as const;

/** Who an edge is to AWS; without it whatever the SDK finds: on an instance, its role. */
export interface AwsIdentity {
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/**
 * Settings of every AWS client of the edge: connections kept open, short time-outs, and no retries of the SDK's own,
 * because each caller here has a policy that fits what it does.
 */
export const awsClient = ({ credentials }: AwsIdentity = {}, requestTimeoutMs = 3_000) => ({
  ...(credentials ? { credentials } : {}),
  maxAttempts: 1,
  requestHandler: {
    connectionTimeout: 1_000,
    requestTimeout: requestTimeoutMs,
    // Without it the SDK only warns and goes on waiting.
    throwOnRequestTimeout: true,
    httpAgent: connections,
    httpsAgent: connections,
  },
});
