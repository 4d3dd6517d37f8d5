import type { LegName, Party } from '../../../contracts/events/call.ts';
import type { ConnectRoute } from '../../../contracts/route-decision.ts';
import type { MediaNewcomer, MediaOffer, MediaSession } from '../../ports.ts';
import type { Call } from '../call.ts';
import { occupantOf } from '../occupant.ts';
import { exchanged } from '../originate/first-leg-media.ts';
import { OwnInvite } from '../originate/own-invite.ts';
import { readSdp } from '../sdp.ts';
import { codecsFor } from '../steps/plan-codecs.ts';
import type { Referred } from './referred.ts';
import type { Transferring } from './transferring.ts';

/** Who is to come, and on which way. */
export interface Whither {
  readonly transfer: Transferring;
  readonly route: ConnectRoute;
  readonly to: Party;
  readonly referred?: Referred;
  /** Resolves when the referrer has been told all there was to tell. */
  readonly notified?: () => Promise<void>;
}

/**
 * The part of a call in which somebody is called for one of its sides: the side that stays is its leg a, as if that one had
 * sent an INVITE with what it speaks. What it holds, it holds until it is ended.
 */
export function newcomerCall(call: Call, whither: Whither, media: MediaNewcomer): Call {
  const { transfer, referred } = whither;
  const { stays } = transfer;
  const side = call.sides?.[stays];
  if (!side || !call.media) throw new Error('a call was transferred before it was answered');
  const occupant = occupantOf(call, stays);
  const isCaller = stays === 'a' && call.newcomers.a === undefined;
  const dialling = call.part(new NewcomerInvite(call, whither, { isCaller, sdp: side.remote }));
  dialling.trunk = occupant.trunk ?? '';
  dialling.newcomers.a = occupant;
  if (isCaller && call.user !== undefined) dialling.user = call.user;
  if (referred) dialling.referred = referred;
  dialling.media = newcomerMedia(call.media, media, stays);
  dialling.offer = readSdp(side.remote);
  dialling.route = whither.route;
  const agreed = new Set(readSdp(side.local)?.codecs.map((name) => name.toLowerCase()));
  const all = dialling.offer;
  // What both have agreed on first: then the side that stays hears nothing of the transfer.
  if (all) dialling.offer = { ...all, codecs: all.codecs.filter((name) => agreed.has(name.toLowerCase())) };
  const takes = () => whither.route.targets.filter(({ trunk }) => codecsFor(dialling, trunk).accepted);
  if (takes().length === 0) dialling.offer = all;
  dialling.route = { ...whither.route, targets: takes() };
  return dialling;
}

/** Tells the transfer how far the INVITE has come, and has the headers of the caller. */
class NewcomerInvite extends OwnInvite {
  override readonly headers: Readonly<Record<string, string>>;
  readonly #transfer: Transferring;

  constructor(
    call: Call,
    { transfer, to }: Whither,
    { isCaller, sdp }: { readonly isCaller: boolean; readonly sdp: string },
  ) {
    super(call.id, { from: occupantOf(call, transfer.stays).party, to, sdp });
    this.headers = isCaller ? call.invite.headers : {};
    this.#transfer = transfer;
  }

  override provisional(status: 180 | 183): void {
    this.#transfer.hear({ sipStatus: status, detail: String(status), from: 'target' });
  }
}

function newcomerMedia(media: MediaSession, newcomer: MediaNewcomer, stays: LegName): MediaSession {
  const seen = (offer: MediaOffer) => (stays === 'a' ? offer : exchanged(offer));
  return {
    ...media,
    offer: async (offer) => newcomer.offer(seen(offer)),
    // Nobody hears what it plays before it answers.
    answer: async (sdp) => sdp,
    end: async () => undefined,
  };
}
