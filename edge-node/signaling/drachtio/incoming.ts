import pTimeout from 'p-timeout';
import type { Party } from '../../../contracts/events/call.ts';
import type { Dialog, Headers, IncomingInvite, ResponseHeaders } from '../sip.ts';
import { Answering } from './again.ts';
import { wrapDialog } from './dialog.ts';
import { onTheWire } from './headers.ts';
import { sdpIn } from './sdp-body.ts';
import { sessionTimerFor } from './session-timer.ts';
import { type ParsedAddress, parseUri, type SrfApp, type SrfRequest, type SrfResponse } from './srf.ts';

/** Longest wait for a PRACK, and for the SIP server to confirm that our 200 went out, ms. */
const PRACK_TIMEOUT_MS = 4_000;
const ANSWER_TIMEOUT_MS = 5_000;

/**
 * Wraps an INVITE. Must run in the tick in which it arrived: a CANCEL before the listener is attached would be lost.
 * @throws Error where a header that a call cannot do without is missing or does not parse.
 */
export function wrapInvite(
  srf: SrfApp,
  request: SrfRequest,
  response: SrfResponse,
  down: AbortSignal,
): IncomingInvite {
  const cancel = new AbortController();
  request.on('cancel', () => cancel.abort());
  const cancelled = AbortSignal.any([cancel.signal, down]);
  const supported = `${request.get('supported') ?? ''},${request.get('require') ?? ''}`;
  const reliable = /(^|,)\s*100rel\s*(,|$)/.test(supported);
  let pracked: Promise<unknown> = Promise.resolve();
  let hasAnswer = false;

  if (!request.has('contact')) throw new Error('the INVITE has no Contact header (RFC 3261 §8.1.1.8)');
  return {
    sipCallId: request.get('call-id') ?? '',
    from: partyOf(request.getParsedHeader('from')),
    to: partyOf({ uri: request.uri }),
    source: { address: request.source_address, port: request.source_port, transport: request.protocol },
    addressed: addressedParty(request),
    authorization: request.get('authorization'),
    headers: headersOf(request),
    sdp: sdpIn(request),
    cancelled,
    provisional(status, sdp) {
      if (response.finalResponseSent || cancelled.aborted) return;
      // A reliable answer stands: what the next target plays comes the same way (RFC 3262 §5, RFC 6337 §3.1.1).
      const body = sdp === undefined || hasAnswer ? {} : { body: sdp };
      if (!reliable || body.body === undefined) return response.send(status, body);
      hasAnswer = true;
      pracked = pTimeout(
        new Promise<void>((resolve) => {
          response.send(
            status,
            { ...body, headers: { Require: '100rel' } },
            (error) => error && resolve(),
            resolve,
          );
        }),
        { milliseconds: PRACK_TIMEOUT_MS, fallback: () => undefined },
      );
    },
    async answer(sdp, credentials) {
      await pracked;
      if (cancelled.aborted) throw new Error('the caller cancelled before the answer');
      const answering = credentials && new Answering(credentials);
      return answerWith(srf, request, response, { sdp, answering }, cancelled);
    },
    refuse(status, headers: ResponseHeaders = {}) {
      if (!response.finalResponseSent && !down.aborted)
        response.send(status, { headers: onTheWire(headers) });
    },
  };
}

/** A CANCEL may cross our 200: then the dialog that comes after the failure is ended at once. */
function answerWith(
  srf: SrfApp,
  request: SrfRequest,
  response: SrfResponse,
  { sdp, answering }: { readonly sdp: string; readonly answering: Answering | undefined },
  cancelled: AbortSignal,
): Promise<Dialog> {
  let gone = false;
  const answered = new Promise<Dialog>((resolve, reject) => {
    cancelled.addEventListener('abort', () => reject(new Error('the caller is gone')), { once: true });
    const headers = { ...sessionTimerFor(request) };
    srf.createUAS(request, response, { localSdp: sdp, headers }, (error, dialog) => {
      if (!dialog) return reject(new Error('the 200 could not be sent', { cause: error }));
      const wrapped = wrapDialog(dialog, answering);
      if (gone) void wrapped.bye();
      resolve(wrapped);
    });
  });
  const bounded = pTimeout(answered, { milliseconds: ANSWER_TIMEOUT_MS });
  bounded.catch(() => {
    gone = true;
  });
  return bounded;
}

const headersOf = ({ headers }: SrfRequest): Headers =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

function partyOf(address: ParsedAddress): Party {
  const uri = address.uri ?? '';
  const parsed = parseUri(uri);
  if (!parsed) throw new Error(`"${uri.slice(0, 100)}" is not a SIP URI (RFC 3261 §19.1)`);
  const displayName = address.name?.replace(/^"|"$/g, '').slice(0, 256);
  return { uri: uri.slice(0, 2048), number: numberOf(parsed.user), ...(displayName ? { displayName } : {}) };
}

export function addressedParty(request: SrfRequest): Party | undefined {
  try {
    return partyOf(request.getParsedHeader('to'));
  } catch {
    return undefined;
  }
}

/** The number in a user part: escapes undone, parameters such as ;npdi (RFC 4694) cut off. */
function numberOf(user: string): string {
  const bare = user.split(';')[0] ?? '';
  try {
    return decodeURIComponent(bare).slice(0, 256);
  } catch {
    return bare.slice(0, 256);
  }
}
