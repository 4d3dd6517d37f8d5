import type { Logger } from 'pino';
import { AppRegistry } from '../app/app-registry.ts';
import { DialogTable } from '../dialog/dialog-table.ts';
import type { Locator } from '../locate/locator.ts';
import type { InviteClient } from '../transaction/invite-client.ts';
import type { RequestClient } from '../transaction/request-client.ts';
import type { SipTimers } from '../transaction/timers.ts';
import type { Transports } from '../transport/transports.ts';
import { KeptFlows } from './kept-flows.ts';
import { Challengers } from './proxy/challengers.ts';
import type { ProxiedRequest } from './proxy/proxied-request.ts';
import type { ReceivedRequest, ServerTransaction } from './received-request.ts';
import type { SentInvite } from './sent-invite.ts';
import type { Subscribing } from './subscribing.ts';

/** What the server is made of from outside. */
export interface EngineParts {
  readonly transports: Transports;
  readonly timers: SipTimers;
  readonly locator: Locator;
  readonly log: Logger;
}

/** All that the server knows at one time. Everything is found in one look-up. */
export interface Engine extends EngineParts {
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
  /** SUBSCRIBEs and REFERs of applications without a final response, by Call-ID and our tag */
  readonly subscribing: Map<string, Subscribing>;
  /** requests passed on whose targets have not all ended */
  readonly proxying: Set<ProxiedRequest>;
  readonly challengers: Challengers;
  readonly flows: KeptFlows;
}

export const newEngine = (parts: EngineParts): Engine => ({
  ...parts,
  apps: new AppRegistry(),
  dialogs: new DialogTable(),
  servers: new Map(),
  merging: new Map(),
  clients: new Map(),
  received: new Map(),
  inviting: new Map(),
  subscribing: new Map(),
  proxying: new Set(),
  challengers: new Challengers(),
  flows: new KeptFlows(),
});

/** Stop every timer: the server goes down, and tells nobody. */
export function abandon(engine: Engine): void {
  for (const proxied of engine.proxying) proxied.stop();
  for (const { machine } of engine.servers.values()) machine.abandon();
  for (const client of engine.clients.values()) client.abandon();
  for (const request of engine.received.values()) request.reliable?.stop();
  for (const dialog of engine.dialogs.all()) {
    dialog.unacknowledged?.stop();
    dialog.session?.stop();
    dialog.subscription?.stop();
  }
  for (const sent of engine.inviting.values()) sent.canceled = true; // those whose target is still being resolved
  engine.received.clear();
}
