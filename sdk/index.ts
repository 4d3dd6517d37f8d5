/** What a customer's Lambda is written with. CDK constructs stand in `cdk.ts`, the test kit in `testing.ts`. */
export type { Command, CommandOf, CommandType, Destination } from '../contracts/commands.ts';
export { commands } from '../contracts/commands.ts';
export type { RoutingConfig, RoutingConfigInput } from '../contracts/config.ts';
export type { EventOf, EventType, TrunklineEvent } from '../contracts/events.ts';
export { events } from '../contracts/events.ts';
export type { CallState } from '../core/call-state.ts';
export { UnreadableEvent } from '../functions/bus-handler.ts';
export { type Calls, type Fields, InvalidCommand, type Sent } from './calls.ts';
export { type CallsClientOptions, createCalls } from './create-calls.ts';
export { type CallEventFunction, onCallEvent, type Reaction, type Surroundings } from './on-call-event.ts';
export { RanOutOfTime } from './ran-out-of-time.ts';
