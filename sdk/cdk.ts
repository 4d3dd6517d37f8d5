/** Constructs for a customer's own CDK app. */
export { CallEventHandler, type CallEventHandlerProps } from './cdk/call-event-handler.ts';
export type { Comparison, EventFilter } from './cdk/event-filter.ts';
export { TrunklinePlatform } from './cdk/trunkline-platform.ts';
