/** A test kit: handlers driven by a simulated call in virtual time. */
export type { Delivery } from './testing/delivery.ts';
export {
  busEventOf,
  type CallSimulation,
  type HandlerFailure,
  type Listener,
  type SimulateCallOptions,
  simulateCall,
} from './testing/simulate-call.ts';
export type { TransferOutcome } from './testing/simulated-call.ts';
