import type { Headers } from '../sip.ts';
import type { SrfDialog, SrfResponse } from './srf.ts';

/**
 * A re-INVITE to its final response. The request of drachtio-srf's dialog would acknowledge a refusal as well, which the SIP
 * server has done already (RFC 3261 §17.1.1.3): the other side would hear an ACK too many.
 */
export function inviteAgain(dialog: SrfDialog, headers: Headers, body: string): Promise<SrfResponse> {
  const { id: stackDialogId, socket: _socket } = dialog;
  const options = { method: 'INVITE', stackDialogId, _socket, headers: { ...headers }, body };
  return new Promise((resolve, reject) => {
    dialog.agent.request(options, (error, request) => {
      if (error || !request) return reject(error);
      request.on('response', (response: SrfResponse, acknowledge: () => void) => {
        if (response.status < 200) return;
        if (response.status < 300) acknowledge();
        resolve(response);
      });
    });
  });
}
