/** What a test or the demo may break, and mend again, while the cloud runs. */
export interface Faults {
  /** PutEvents finds nobody: the connection is cut. */
  eventBridgeDown: boolean;
  /** Entries for which this says so are refused one by one, as when EventBridge throttles. */
  refuseEntry: ((detail: string) => boolean) | undefined;
  /** Every event reaches each target twice. */
  duplicateDeliveries: boolean;
  /** Rules that deliver nothing. */
  readonly pausedRules: Set<string>;
  /** Share of DynamoDB requests, 0 to 1, answered with ProvisionedThroughputExceededException. */
  throttledTables: number;
  /** DynamoDB finds nobody. */
  tablesDown: boolean;
  /** Secrets Manager finds nobody. */
  secretsDown: boolean;
}

export const noFaults = (): Faults => ({
  eventBridgeDown: false,
  refuseEntry: undefined,
  duplicateDeliveries: false,
  pausedRules: new Set(),
  throttledTables: 0,
  tablesDown: false,
  secretsDown: false,
});
