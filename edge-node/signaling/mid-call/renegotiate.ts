import type { LegName } from '../../../contracts/events/call.ts';
import type { CodecPlan } from '../../../core/negotiate-codecs.ts';
import type { Call } from '../call.ts';
import { type Direction, readSession, type Session, withDirection } from '../sdp.ts';
import type { SessionAnswer, SessionRequest } from '../sip.ts';
import { codecsBetween } from '../steps/plan-codecs.ts';
import { goneBy } from './ask-side.ts';
import { type Joined, joinedOf, otherLeg } from './joined.ts';
import { negotiationOf } from './negotiation.ts';
import { putBack } from './put-back.ts';
import { silence } from './silence.ts';

const NOT_ACCEPTABLE: SessionAnswer = { status: 488 };
/** RFC 3261 §14.2: later. */
const LATER: SessionAnswer = { status: 500, headers: { 'Retry-After': '1' } };

/** A re-INVITE or UPDATE of one side of an answered call. */
export async function renegotiate(call: Call, leg: LegName, request: SessionRequest): Promise<SessionAnswer> {
  const exchanged = call.exchanges.run(async () => {
    const joined = joinedOf(call);
    // Between our 200 and the moment in which both legs stand nothing can be changed yet.
    if (!joined) return { status: 491 } as const;
    if (request.sdp !== undefined)
      return answerTo(call, joined, { leg, sdp: request.sdp, method: request.method });
    return request.method === 'INVITE' ? offerAgain(call, joined, leg) : stillThere;
  });
  return (await exchanged) ?? LATER;
}

/** An UPDATE without SDP asks for nothing but an answer (RFC 4028 §7.4). */
const stillThere: SessionAnswer = { status: 200, sdp: undefined };

interface Offered {
  readonly leg: LegName;
  readonly sdp: string;
  readonly method: SessionRequest['method'];
}

interface Change extends Offered {
  readonly before: Session;
  readonly next: Session;
  readonly plan: CodecPlan;
}

async function answerTo(call: Call, joined: Joined, offered: Offered): Promise<SessionAnswer> {
  const side = joined.sides[offered.leg];
  const [before, next] = [readSession(side.remote), readSession(offered.sdp)];
  if (!before || !next) return NOT_ACCEPTABLE;
  // RFC 3264 §8: the same version says that nothing is new.
  if (next.origin === before.origin) return { status: 200, sdp: side.local };
  const plan = codecsBetween(call, next.codecs, offered.leg);
  if (!plan.accepted) return NOT_ACCEPTABLE;
  const answer = await change(call, joined, { ...offered, before, next, plan });
  return answer === undefined ? NOT_ACCEPTABLE : { status: 200, sdp: answer };
}

/** Undefined: everything is as it was. */
async function change(call: Call, joined: Joined, what: Change): Promise<string | undefined> {
  const { leg, before, next } = what;
  const relayed = needsOther(joined, what) ? await askOther(call, joined, what) : undefined;
  if (relayed === 'refused' && !fits(joined, what)) {
    await putBack(call, joined);
    return undefined;
  }
  const answer = typeof relayed === 'object' ? relayed.answer : await answerAlone(call, joined, what);
  if (answer === undefined || call.isOver) return undefined;
  const local = joined.sides[leg].telling(answer);
  joined.sides[leg].agree(what.sdp, local);
  tell(call, what, { relayed: typeof relayed === 'object' });
  follow(call, leg, before.direction, next.direction);
  return local;
}

/** A side that must speak or listen otherwise has to know; which codecs it uses only where they no longer fit. */
const needsOther = (joined: Joined, what: Change): boolean =>
  what.before.direction !== what.next.direction || !fits(joined, what);

/** What the other side uses can go on, as it is or converted. */
function fits({ sides }: Joined, { leg, plan }: Change): boolean {
  const used = sides[otherLeg(leg)].codec;
  const usable = [...plan.kept, ...plan.add].map((name) => name.toLowerCase());
  return used !== null && usable.includes(used.toLowerCase());
}

async function askOther(
  call: Call,
  { media, sides, dialogs }: Joined,
  { leg, sdp, plan }: Change,
): Promise<{ readonly answer: string } | 'refused'> {
  const other = otherLeg(leg);
  const offered = await media.reoffer({ sdp, from: leg, codecs: plan }).catch(() => undefined);
  if (offered === undefined) return 'refused';
  const local = sides[other].telling(offered);
  const result = await dialogs[other].reinvite(local);
  if (result.kind === 'gone') void call.end(goneBy(other));
  if (result.kind !== 'answered' || !readSession(result.sdp)) return 'refused';
  const answer = await media.answer(result.sdp, other).catch(() => undefined);
  if (answer === undefined) return 'refused';
  sides[other].agree(result.sdp, local);
  return { answer };
}

/** The other side keeps what it has, and hears nothing of it. */
async function answerAlone(
  call: Call,
  joined: Joined,
  { leg, sdp, plan }: Change,
): Promise<string | undefined> {
  const { media, sides } = joined;
  const other = otherLeg(leg);
  try {
    await media.reoffer({ sdp, from: leg, codecs: plan });
    return await media.answer(sides[other].remote, other);
  } catch {
    await putBack(call, joined);
    return undefined;
  }
}

/** A re-INVITE without SDP asks us to offer; the answer comes with the ACK (RFC 3261 §14.2). */
function offerAgain(call: Call, joined: Joined, leg: LegName): SessionAnswer {
  const side = joined.sides[leg];
  const sdp = side.telling(withDirection(side.local, 'sendrecv'));
  const acked = (answer: string | undefined) => {
    if (answer === undefined || call.isOver) return;
    void call.exchanges.run(async () => {
      const [before, next] = [readSession(side.remote), readSession(answer)];
      if (!before || !next || call.isOver) return;
      if (next.origin === before.origin) return side.agree(answer, sdp);
      const plan = codecsBetween(call, next.codecs, leg);
      if (!plan.accepted) return;
      await change(call, joined, { leg, sdp: answer, method: 'INVITE', before, next, plan });
      side.agree(answer, sdp);
    });
  };
  return { status: 200, sdp, acked };
}

function tell(
  call: Call,
  { leg, method, before, next }: Change,
  { relayed }: { readonly relayed: boolean },
): void {
  const { sides } = joinedOf(call) ?? {};
  if (!sides) return;
  call.takesDigits[leg] = next.dtmf;
  const codecs = { a: sides.a.codec, b: sides.b.codec };
  const isMoved = next.address && before.address && next.address !== before.address;
  if (!isMoved && next.codecs.join() === before.codecs.join()) return;
  const cause = method === 'INVITE' ? 'reinvite' : 'update';
  const negotiation = negotiationOf(call, leg);
  call.say('call.media-changed', {
    leg,
    cause,
    codecs,
    transcoded: codecs.a !== codecs.b,
    relayed,
    ...negotiation,
  });
}

/** A side on hold says so. */
function follow(call: Call, leg: LegName, before: Direction, next: Direction): void {
  if (before === next) return;
  const about = { leg, by: 'peer', ...negotiationOf(call, leg) } as const;
  if (next === 'sendrecv') call.say('call.resumed', about);
  else call.say('call.held', { ...about, direction: next });
  call.onHold[leg] = next !== 'sendrecv';
  silence(call);
}
