import type { Logger } from 'pino';
import type { AppRegistry } from '../app/app-registry.ts';
import type { DialogTable } from '../dialog/dialog-table.ts';
import type { InviteClient } from '../transaction/invite-client.ts';
import type { RequestClient } from '../transaction/request-client.ts';
import type { SipTimers } from '../transaction/timers.ts';
import type { Transports } from '../transport/transports.ts';
import type { ReceivedRequest, ServerTransaction } from './received-request.ts';
import type { SentInvite } from './sent-invite.ts';

/** All that the server knows at one time. Everything is found in one look-up. */
export interface Engine {
  readonly transports: Transports;
  readonly timers: SipTimers;
  readonly log: Logger;
  readonly apps: AppRegistry;
  readonly dialogs: DialogTable;
  /** by serverKey */
  readonly servers: Map<string, ServerTransaction>;
  /** by requestKey: the serverKey a request outside of dialogs came with first, to know merged ones */
  readonly merging: Map<string, string>;
  /** by clientKey */
  readonly clients: Map<string, InviteClient | RequestClient>;
  /** by transaction id: requests of the network the application still owes a final response */
  readonly received: Map<string, ReceivedRequest>;
  /** by transaction id: INVITEs of applications without a final response */
  readonly inviting: Map<string, SentInvite>;
}
