import type { LegName } from '../../../contracts/events/call.ts';
import type { ConnectRoute, Route } from '../../../contracts/route-decision.ts';
import { takeHeaders } from '../../../core/passed-headers.ts';
import { type ReferTo, readReferTo } from '../../../core/refer-to.ts';
import { routeReferred } from '../../../core/route-referred.ts';
import type { Call } from '../call.ts';
import { joinedOf, otherLeg } from '../mid-call/joined.ts';
import { occupantOf } from '../occupant.ts';
import { readSdp } from '../sdp.ts';
import type { Dialog, ReferAnswer, ReferRequest } from '../sip.ts';
import { bridge } from './bridge.ts';
import { joinCalls } from './join-calls.ts';
import type { Referred } from './referred.ts';
import { replacedBy } from './replaces.ts';
import { Subscription } from './subscription.ts';
import { Transferring } from './transferring.ts';

/** For the referrer to hear of the end in any case, s. */
const GRACE_SECONDS = 60;

/** One side asks that the other one be connected to somebody else (RFC 3515); RFC 5589 tells the two ways. */
export function onRefer(call: Call, leg: LegName, dialog: Dialog, request: ReferRequest): ReferAnswer {
  if (!joinedOf(call) || call.transfer) return { status: 491 };
  if (!mayRefer(call, leg)) return refuse(call, leg, 603, 'the configuration refuses its REFERs');
  const to = readReferTo(request.referTo);
  if (!to) return refuse(call, leg, 400, 'its Refer-To cannot be read');
  const asked: Asked = { call, leg, dialog, request, to };
  const target = to.replaces && replacedBy(call.context.calls.values(), to.replaces);
  if (target) {
    const isFree = target.call !== call && !target.call.transfer && joinedOf(target.call);
    return isFree ? attended(asked, target) : { status: 491 };
  }
  const route = routeOf(asked);
  if (route.action === 'connect') return dialled(asked, route);
  return refuse(call, leg, statuses[route.reason] ?? 603, `${to.uri}: ${route.reason}`);
}

interface Asked {
  readonly call: Call;
  readonly leg: LegName;
  readonly dialog: Dialog;
  readonly request: ReferRequest;
  readonly to: ReferTo;
}

const statuses: { readonly [reason: string]: 403 | 404 | 488 | 603 } = {
  'unknown-number': 403,
  'destination-denied': 403,
  'no-common-codec': 488,
};

function refuse(
  call: Call,
  leg: LegName,
  status: Exclude<ReferAnswer['status'], 202>,
  why: string,
): ReferAnswer {
  call.context.log.warn(`refer ${call.id}`, { callId: call.id, leg, status, why }, 'refused a REFER');
  return { status };
}

function mayRefer(call: Call, leg: LegName): boolean {
  const { config } = call.context.snapshot.current() ?? {};
  const { trunk, route } = occupantOf(call, leg);
  const rules = trunk === undefined ? config?.agents[route?.agent ?? ''] : config?.trunks[trunk];
  return (rules?.refer ?? 'accept') === 'accept';
}

/** To whom: never to the address itself, only to what the configuration knows by it. */
function routeOf({ call, leg, to }: Asked): Route {
  const { config } = call.context.snapshot.current() ?? {};
  if (!config) return { action: 'refuse', reason: 'edge-not-ready' };
  const stays = otherLeg(leg);
  const staying = occupantOf(call, stays);
  const offer = call.sides && readSdp(call.sides[stays].remote);
  const by = occupantOf(call, leg).trunk;
  const routed = {
    ...{ callId: call.id, trunk: by ?? staying.trunk ?? '', from: staying.party, to: partyOf(to) },
    time: new Date(call.context.clock.now()).toISOString(),
    ...(offer ? { offer } : {}),
  };
  return routeReferred(to, routed, config, by);
}

const partyOf = ({ uri, user }: ReferTo) => ({ uri, number: user });

function begin({ call, leg, dialog, request, to }: Asked, kind: 'blind' | 'attended', ringSeconds: number) {
  const isFirst = !referred.has(dialog);
  referred.add(dialog);
  const seconds = ringSeconds + GRACE_SECONDS;
  const subscription = new Subscription(dialog, request, { isFirst, seconds });
  const told = subscription.tell.bind(subscription);
  const transfer = new Transferring(call, { kind, by: leg, target: to.uri, stays: otherLeg(leg), told });
  const start = () => {
    transfer.begin();
    transfer.hear({ sipStatus: 100, detail: '100 Trying', from: 'target' });
  };
  return { transfer, start, notified: async () => void (await subscription.settled()) };
}

/** Dialogs that have sent a REFER before. */
const referred = new WeakSet<Dialog>();

function dialled(asked: Asked, route: ConnectRoute): ReferAnswer {
  const { call, to } = asked;
  const kind = to.replaces ? 'attended' : 'blind';
  const { transfer, start, notified } = begin(asked, kind, route.ringSeconds);
  const whither = { transfer, route, to: partyOf(to), referred: addedBy(asked), notified };
  const accepted = () => {
    start();
    void bridge(call, whither);
  };
  return { status: 202, accepted };
}

function attended(asked: Asked, target: { readonly call: Call; readonly leg: LegName }): ReferAnswer {
  const { transfer, start, notified } = begin(asked, 'attended', asked.call.route?.ringSeconds ?? 30);
  const accepted = () => {
    start();
    void joinCalls(asked.call, transfer, target, notified);
  };
  return { status: 202, accepted };
}

/** A trunk's rules say whether its Referred-By is taken; an agent's is. */
function addedBy({ call, leg, request, to }: Asked): Referred {
  const { trunk } = occupantOf(call, leg);
  const own = call.context.snapshot.current()?.config.trunks[trunk ?? ''];
  const referredBy = trunk === undefined ? 'pass' : (own?.headers.referredBy ?? 'remove');
  const rules = { passIn: [], diversion: 'remove', historyInfo: 'remove', referredBy } as const;
  const headers = request.referredBy === undefined ? {} : { 'referred-by': request.referredBy };
  return {
    by: takeHeaders(headers, rules).referredBy,
    ...(to.replaces ? { replaces: { Replaces: to.replaces.text } } : {}),
  };
}
