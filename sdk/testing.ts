/** A test kit: handlers driven by a simulated call in virtual time. */
export type { Delivery, Doubled } from './testing/delivery.ts';
export type { HandlerFailure, RunRules } from './testing/handler-runs.ts';
export {
  busEventOf,
  type CallSimulation,
  type Listener,
  type SimulateCallOptions,
  simulateCall,
} from './testing/simulate-call.ts';
export type { TransferOutcome } from './testing/simulated-call.ts';
