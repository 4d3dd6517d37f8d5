import type { LegName } from '../../contracts/events/call.ts';
import type { MediaNewcomer, MediaOffer } from '../ports.ts';
import { createEventMemory, type EventMemory } from './event-memory.ts';
import type { Gates } from './gates.ts';
import {
  codecsOf,
  directionOf,
  framesOf,
  type Interfaces,
  sdpOf,
  shape,
  type Transport,
  transports,
  type Wishes,
} from './offer-words.ts';
import type { NgRequest } from './rtpengine.ts';
import type { Tags } from './totals.ts';

/** What is known of the two sides of a call at rtpengine. */
export interface SessionState {
  tags: Tags;
  /** Who has made the last offer. */
  offerer: LegName;
  events: EventMemory;
  /** Tags of those who are called and have no place yet: a delete of the two sides leaves them there. */
  readonly coming: Set<string>;
  /** What the last offer asked for goes for its answer and for every re-offer. */
  wishes: Wishes;
  /** Each leg as we speak to it: who was called as it was offered, the caller as it offered itself. */
  readonly speaks: Record<LegName, Transport>;
  /** Whether each leg is told rtpengine's address on the inside. */
  readonly inside: Record<LegName, boolean>;
}

interface NewcomerParts {
  readonly id: { readonly 'call-id': string };
  readonly state: SessionState;
  readonly ng: NgRequest;
  readonly gates: Gates;
  readonly interfaces: Interfaces | undefined;
  /** A tag that nobody on this side has had. */
  readonly nextTag: () => string;
  readonly listenForTones: () => Promise<void>;
  /** Pairs both sides anew by what they said last; gives what the one that stays is told. */
  readonly sayAgain: (stays: LegName) => Promise<string>;
}

/**
 * Somebody who is called in the place of one side while both talk on. Until it takes that place its partner at rtpengine is a
 * stand-in that speaks like the side that stays: an offer in that side's own name would part the two that talk.
 */
export function newcomerOf(leg: LegName, parts: NewcomerParts): MediaNewcomer {
  const { id, state, ng, gates } = parts;
  const stays: LegName = leg === 'a' ? 'b' : 'a';
  let coming: { readonly tag: string; readonly offer: MediaOffer; readonly events: EventMemory } | undefined;
  let before: Pick<SessionState, 'tags' | 'events' | 'wishes'> & {
    readonly spoke: Transport;
    readonly wasInside: boolean;
  };
  const standInFor = (tag: string) => `for-${tag}`;
  const forget = async (tag: string) =>
    void (await ng('delete', { ...id, 'from-tag': tag, 'delete-delay': 0 }));
  const leave = async () => {
    const { tag } = coming ?? {};
    coming = undefined;
    if (tag === undefined) return;
    for (const one of [standInFor(tag), tag]) await forget(one);
    state.coming.delete(tag);
  };

  return {
    async offer(offer) {
      await leave();
      const tag = parts.nextTag();
      const events = createEventMemory(() => offer);
      coming = { tag, offer, events };
      state.coming.add(tag);
      const reply = await ng('offer', {
        ...id,
        ...shape,
        ...transports[offer.keying ?? 'plain'],
        ...{ 'from-tag': standInFor(tag), 'to-tag': tag },
        ...directionOf(parts.interfaces, state.inside[stays], offer.inside ?? false),
        ...framesOf(offer, stays),
        ...codecsOf(offer, stays),
        sdp: events.heard(stays, standIn(offer.sdp), 'offer'),
      });
      return events.told(leg, sdpOf(reply));
    },
    async takePlace(sdp, staying) {
      if (!coming) throw new Error('nobody was offered this place');
      const { tag, offer, events } = coming;
      before = {
        tags: state.tags,
        events: state.events,
        wishes: state.wishes,
        spoke: state.speaks[leg],
        wasInside: state.inside[leg],
      };
      Object.assign(state, { tags: { ...state.tags, [leg]: tag }, events, wishes: offer, offerer: stays });
      state.speaks[leg] = offer.keying ?? 'plain';
      state.inside[leg] = offer.inside ?? false;
      events.heard(stays, staying, 'offer');
      events.heard(leg, sdp, 'answer');
      const told = await parts.sayAgain(stays);
      gates.forget(leg);
      await parts.listenForTones();
      return events.told(stays, told);
    },
    async stay() {
      if (!coming) return;
      const { tag } = coming;
      for (const one of [standInFor(tag), before.tags[leg]]) await forget(one);
      state.coming.delete(tag);
    },
    async leave() {
      if (coming && state.tags[leg] === coming.tag) {
        const { spoke, wasInside, ...was } = before;
        Object.assign(state, was);
        state.speaks[leg] = spoke;
        state.inside[leg] = wasInside;
        await parts.sayAgain(stays);
      }
      await leave();
    },
  };
}

/** It wants nothing of what it hears: port 9 is the discard service (RFC 863) of the host on which rtpengine looks at it. */
export function standIn(sdp: string): string {
  const [, payloads = '0', media = ''] = /^m=audio \d+ \S+ (.*?)\r?\n((?:(?!m=).*\r?\n?)*)/m.exec(sdp) ?? [];
  const formats = media.split(/\r?\n/).filter((line) => /^a=(rtpmap|fmtp|ptime):/.test(line));
  return [
    ...['v=0', 'o=- 1 1 IN IP4 127.0.0.1', 's=-', 'c=IN IP4 127.0.0.1', 't=0 0'],
    ...[`m=audio 9 RTP/AVP ${payloads}`, ...formats, ''],
  ].join('\r\n');
}
