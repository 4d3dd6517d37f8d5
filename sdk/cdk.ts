/** Constructs for a customer's own CDK app. */
export { CallEventHandler, type CallEventHandlerProps } from './cdk/call-event-handler.ts';
export type { CallPlatform } from './cdk/call-platform.ts';
export type { Comparison, EventFilter } from './cdk/event-filter.ts';
export {
  type DeployedSettings,
  type EdgeAccess,
  TrunklinePlatform,
  type TrunklineSettings,
} from './cdk/trunkline-platform.ts';
