import type { SipMessage } from '../message/sip-message.ts';
import type { Arrival } from '../transport/flow.ts';

export interface IncomingResponse {
  readonly status: number;
  readonly message: SipMessage;
  readonly arrival: Arrival;
}
