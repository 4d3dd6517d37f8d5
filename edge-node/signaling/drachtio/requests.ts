import { isChallenge } from '../auth/answer-challenge.ts';
import type { Headers, OutOfDialogRequest, OutOfDialogResponse } from '../sip.ts';
import { Answering, askedBy, sameAgain } from './again.ts';
import type { SrfApp, SrfResponse } from './srf.ts';
import { whyUnheard } from './why-unheard.ts';

/** One request with its repetitions. Never rejects. */
export async function sendRequest(
  srf: SrfApp,
  { method, uri, headers, timeoutMs, nextHop, credentials }: OutOfDialogRequest,
): Promise<OutOfDialogResponse | undefined> {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  const send = (more: Headers, proxy: string | undefined) =>
    finalOf(srf, uri, { method, headers: { ...headers, ...more }, ...(proxy ? { proxy } : {}) }, late.signal);
  try {
    const exchange = new Answering(credentials).begin(method);
    let response = await send({}, nextHop);
    while (response && isChallenge(response.status)) {
      const again = await exchange.again(response);
      if (!again.ok) return heard(response, again.detail);
      response = await send({ ...sameAgain(response.req), ...again.headers }, nextHop ?? askedBy(response));
    }
    return response && heard(response);
  } finally {
    clearTimeout(timer);
  }
}

const heard = (response: SrfResponse, detail?: string): OutOfDialogResponse => ({
  status: response.status,
  unheard: !response.source_address,
  detail: (detail ?? inWords(response)).slice(0, 400),
  header: (name) => response.get(name),
  sent: (name) => response.req.get(name),
});

/** A response that the SIP server made up has no source. */
function inWords(response: SrfResponse): string {
  const { status, reason, source_address } = response;
  if (source_address) return `${status} ${reason}`;
  const why = whyUnheard(response);
  if (why !== undefined) return why;
  return status === 408 ? 'no answer' : 'nobody can be reached there';
}

/** The final response; undefined where none came in time, or the request could not be sent. */
function finalOf(
  srf: SrfApp,
  uri: string,
  options: { method: string; headers: Record<string, string>; proxy?: string },
  late: AbortSignal,
): Promise<SrfResponse | undefined> {
  return new Promise((resolve) => {
    if (late.aborted) return resolve(undefined);
    late.addEventListener('abort', () => resolve(undefined), { once: true });
    try {
      srf.request(uri, options, (error, request) => {
        if (error || !request) return resolve(undefined);
        request.on('response', (response: SrfResponse) => {
          if (response.status >= 200) resolve(response);
        });
      });
    } catch {
      resolve(undefined);
    }
  });
}
