import type { AgentSessionRequest } from '../../../contracts/agent-media/session.ts';
import type { AgentSocket } from '../../../contracts/config/agent-socket.ts';
import { nameOfSecret, type SecretRef } from '../../../contracts/config.ts';
import type { RouteTarget } from '../../../contracts/route-decision.ts';
import { traceparentOf } from '../../../core/traceparent.ts';
import type { Call } from '../call.ts';
import type { DialResult, OutgoingCall } from '../sip.ts';
import { AgentDialog } from './agent-dialog.ts';

/** A target that is called over a WebSocket. */
export type SocketTarget = RouteTarget & { readonly socket: AgentSocket };

export const isSocket = (target: RouteTarget): target is SocketTarget => target.socket !== undefined;

/** As what an INVITE would have ended, by what became of the session (`AgentFault`). */
const statuses: Readonly<Record<string, number>> = {
  'unfit-offer': 488,
  'connect-timeout': 408,
  refused: 502,
  redirected: 502,
  certificate: 502,
  draining: 503,
};

/** Calls an agent: what an INVITE is to a SIP server, a session is to a gateway. It is answered once the agent knows who calls. */
export function dialAgent(call: Call, target: SocketTarget, sdp: string | undefined): OutgoingCall {
  const cancelled = new AbortController();
  const result = dial(call, target, sdp, cancelled.signal).catch(
    (error: unknown): DialResult => failed(503, error instanceof Error ? error.message : String(error)),
  );
  return { result, cancel: () => cancelled.abort() };
}

const failed = (status: number, detail: string): DialResult => ({ kind: 'failed', status, detail });

async function dial(
  call: Call,
  target: SocketTarget,
  sdp: string | undefined,
  cancelled: AbortSignal,
): Promise<DialResult> {
  // An agent has no SDP to offer; whoever calls without one is offered what rtpengine has by the SIP targets only.
  if (sdp === undefined)
    return failed(488, 'the caller offered nothing: an agent over a WebSocket needs an offer');
  const session = await call.context.agents.open(await requestOf(call, target, sdp), cancelled);
  if (!session.ok) return failed(statuses[session.fault] ?? 503, `${session.fault}: ${session.detail}`);
  if (cancelled.aborted) {
    await session.end('cancelled');
    return failed(487, 'cancelled');
  }
  return {
    kind: 'answered',
    sdp: session.sdp,
    accept: async () => new AgentDialog(target, session),
  };
}

async function requestOf(
  call: Call,
  { uri, socket }: SocketTarget,
  sdp: string,
): Promise<AgentSessionRequest> {
  const { invite, trunk, context } = call;
  const {
    dialect,
    rate,
    bargeIn,
    connectSeconds,
    firstAudioSeconds,
    reconnects,
    parameters,
    bearer,
    hmac,
    account,
    clientCertificate,
  } = socket;
  const secret = (ref: SecretRef) =>
    context.secrets.read(ref).catch((cause: unknown) => {
      throw new Error(`${nameOfSecret(ref)} cannot be read`, { cause });
    });
  const told = socket.headers.flatMap((name) => {
    const value = invite.headers[name.toLowerCase()];
    return value === undefined ? [] : [[name, value.slice(0, 1_024)] as const];
  });
  return {
    ...{ callId: call.id, sdp, parameters, headers: Object.fromEntries(told) },
    agent: {
      ...{ url: uri, dialect, rate, bargeIn, reconnects },
      connectMs: Math.round(connectSeconds * 1_000),
      firstAudioMs: Math.round(firstAudioSeconds * 1_000),
      ...(bearer ? { bearer: await secret(bearer) } : {}),
      ...(hmac ? { hmac: await secret(hmac) } : {}),
      ...(clientCertificate
        ? {
            clientCertificate: {
              cert: await secret(clientCertificate.cert),
              key: await secret(clientCertificate.key),
            },
          }
        : {}),
      ...(account ? { account: { sid: account.sid, authToken: await secret(account.authToken) } } : {}),
    },
    traceparent: traceparentOf(invite.headers['traceparent'], call.id),
    call: { from: invite.from.number, to: invite.to.number, ...(trunk ? { trunk } : {}) },
  };
}
