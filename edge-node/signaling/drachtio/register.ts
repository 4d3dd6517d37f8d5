import type { IncomingRegister } from '../sip.ts';
import { onTheWire } from './headers.ts';
import { addressedParty } from './incoming.ts';
import type { SrfRequest, SrfResponse } from './srf.ts';

export function wrapRegister(
  request: SrfRequest,
  response: SrfResponse,
  down: AbortSignal,
): IncomingRegister {
  const cseq = /^\s*(\d{1,10})\s/.exec(request.get('cseq') ?? '')?.[1];
  return {
    uri: request.uri,
    sipCallId: request.get('call-id') ?? '',
    cseq: cseq === undefined ? undefined : Number(cseq),
    addressed: addressedParty(request),
    authorization: request.get('authorization'),
    contact: request.get('contact'),
    expires: request.get('expires'),
    source: { address: request.source_address, port: request.source_port, transport: request.protocol },
    answer(status, headers = {}) {
      if (!response.finalResponseSent && !down.aborted)
        response.send(status, { headers: onTheWire(headers) });
    },
  };
}
