import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import pDefer from 'p-defer';
import type { CommandOf } from '../../../contracts/commands.ts';
import { nameOfSecret, RoutingConfig, type RoutingConfigInput } from '../../../contracts/config.ts';
import type { LegName } from '../../../contracts/events/call.ts';
import type { TrunklineEvent } from '../../../contracts/events.ts';
import { decideRoute } from '../../../core/decide-route.ts';
import { encryptionOf } from '../../../core/media-encryption.ts';
import { createNarrator } from '../../../edge-node/narrator.ts';
import type {
  AppliedDecision,
  CallMedia,
  CommandOutcome,
  InviteStep,
  MediaOffer,
  MediaSession,
  Metrics,
} from '../../../edge-node/ports.ts';
import { type Admission, createAdmission } from '../../../edge-node/signaling/admission.ts';
import { createBackOff } from '../../../edge-node/signaling/auth/back-off.ts';
import { createNonces } from '../../../edge-node/signaling/auth/nonces.ts';
import type { Call } from '../../../edge-node/signaling/call.ts';
import type { SignalingContext } from '../../../edge-node/signaling/context.ts';
import type { KeptSpend } from '../../../edge-node/signaling/guard/spend-file.ts';
import { createSpending } from '../../../edge-node/signaling/guard/spending.ts';
import { onInvite } from '../../../edge-node/signaling/on-invite.ts';
import { originate } from '../../../edge-node/signaling/originate/originate.ts';
import type { Bindings } from '../../../edge-node/signaling/registrar/bindings.ts';
import { onRegister } from '../../../edge-node/signaling/registrar/on-register.ts';
import { openRegistrar, type Registrar } from '../../../edge-node/signaling/registrar/registrar.ts';
import { readSession, withDirection } from '../../../edge-node/signaling/sdp.ts';
import type {
  Dialog,
  DialogIds,
  DialRequest,
  DialResult,
  IncomingInvite,
  IncomingRegister,
  OutgoingCall,
  ReferAnswer,
  ReferRequest,
  ReinviteResult,
  ResponseHeaders,
  SessionAnswer,
  SessionRequest,
} from '../../../edge-node/signaling/sip.ts';
import { encrypted } from '../../../edge-node/signaling/trunks/attempts.ts';
import { heardLogger } from '../heard-logger.ts';
import { type HeldClock, heldClock } from '../held-clock.ts';
import { FleetTables } from './fleet-tables.ts';

/** Trunks without limits and without media of their own, all of them reached. */
export const untroubled: SignalingContext['trunks'] = {
  take: () => () => {},
  async *attempts(targets) {
    const begin = () => ({ heard: () => {}, leftOff: () => {} });
    for (const target of targets) {
      const attempt = { target, server: serverOf(target.uri), nextHop: undefined, begin };
      yield encrypted(attempt, encryptionOf(target, {}));
    }
    return undefined;
  },
  attemptAt: () => {
    throw new Error('nobody hands calls over here');
  },
  isFinal: () => false,
  isSilent: async () => false,
  maxDurationSeconds: () => undefined,
  calls: () => 0,
  status: () => [],
  gauges: () => [],
  [Symbol.dispose]: () => {},
};

const serverOf = (uri: string) => `${uri.replace(/^.*@/, '')}:5060;transport=udp`;

/** A stage for signalling stories: the real B2BUA between actors that do exactly what the story says. */

export const sdpOf = (codecs = '0 101', port = 4000) =>
  [
    'v=0',
    'o=- 1 1 IN IP4 127.0.0.1',
    's=-',
    'c=IN IP4 127.0.0.1',
    't=0 0',
    `m=audio ${port} RTP/AVP ${codecs}`,
    'a=rtpmap:101 telephone-event/8000',
    '',
  ].join('\r\n');

export const twoTargets: RoutingConfigInput = {
  version: 1,
  trunks: { carrier: { sources: ['192.0.2.0/24'] } },
  numbers: { '+15550100': { agent: 'echo' } },
  agents: {
    echo: {
      targets: [
        { uri: 'sip:first@198.51.100.1', priority: 1 },
        { uri: 'sip:second@198.51.100.2', priority: 2 },
      ],
    },
  },
};

/** One side of an established dialog, in the story's hand. */
class FakeDialog implements Dialog {
  readonly byes: string[] = [];
  readonly infos: string[] = [];
  readonly infoTypes: string[] = [];
  readonly remoteSdp: string;
  readonly ack = pDefer<string | undefined>();
  readonly #bye: ((why: string) => void)[] = [];
  #info?: (contentType: string, body: string) => number;
  /** What it answers to INFO; undefined: nothing. */
  infoStatus: number | undefined = 200;
  /** What it does when the other side wants to change the session. */
  changes: (request: SessionRequest) => Promise<SessionAnswer> = async () => ({ status: 491 });
  /** Re-INVITEs to it, and what it answers them with. */
  readonly reinvites: string[] = [];
  answersReinvite: (sdp: string) => ReinviteResult | Promise<ReinviteResult> = () => ({
    kind: 'answered',
    sdp: this.remoteSdp,
  });

  constructor(remoteSdp: string) {
    this.remoteSdp = remoteSdp;
  }
  acked = () => this.ack.promise;
  readonly ids: DialogIds = { callId: randomUUID(), localTag: 'ours', remoteTag: 'theirs' };
  readonly remoteUri = 'sip:peer@192.0.2.1:5060';
  /** What it hears of its REFERs: `SIP/2.0 100 Trying active`. */
  readonly notified: string[] = [];
  readonly notifyHeaders: Readonly<Record<string, string>>[] = [];
  /** REFERs to it, and what it answers them with. */
  readonly refers: Readonly<Record<string, string>>[] = [];
  referStatus: number | undefined = 202;
  notifies: (sipfrag: string, state: string) => void = () => {};
  #refer?: (request: ReferRequest) => ReferAnswer;
  onRefer = (answer: (request: ReferRequest) => ReferAnswer) => {
    this.#refer = answer;
  };
  refer = async (headers: Readonly<Record<string, string>>) => {
    this.refers.push(headers);
    return this.referStatus;
  };
  onNotify = (listener: (sipfrag: string, state: string) => void) => {
    this.notifies = listener;
  };
  notify = async (headers: Readonly<Record<string, string>>, sipfrag: string) => {
    this.notifyHeaders.push(headers);
    this.notified.push(`${sipfrag.trim()} ${headers['Subscription-State']?.split(';')[0]}`);
    return 200;
  };
  /** Status with which its REFER is answered. */
  asksFor(referTo: string, more: Partial<ReferRequest> = {}): number | undefined {
    const request = { referTo, referredBy: undefined, cseq: 2, subscribes: true, ...more };
    const answer = this.#refer?.(request);
    answer?.accepted?.();
    return answer?.status;
  }
  bye = async (headers: Readonly<Record<string, string>> = {}) =>
    void this.byes.push(headers['Reason'] ?? '');
  onBye = (listener: (why: string) => void) => void this.#bye.push(listener);
  onSessionRequest = (answer: (request: SessionRequest) => Promise<SessionAnswer>) => {
    this.changes = answer;
  };
  reinvite = async (sdp: string) => {
    this.reinvites.push(sdp);
    return this.answersReinvite(sdp);
  };
  onInfo = (answer: (contentType: string, body: string) => number) => {
    this.#info = answer;
  };
  info = async (contentType: string, body: string) => {
    this.infos.push(body);
    this.infoTypes.push(contentType);
    return this.infoStatus;
  };
  hangsUp = (why = 'normal release') => {
    for (const hear of this.#bye) hear(why);
  };
  sendsInfo = (contentType: string, body: string) => this.#info?.(contentType, body);
}

/** The target of one INVITE. */
class FakeAttempt implements OutgoingCall {
  readonly request: DialRequest;
  cancelled = false;
  readonly dialog: FakeDialog;
  readonly accepted: (string | undefined)[] = [];
  readonly #result = pDefer<DialResult>();
  readonly result = this.#result.promise;

  constructor(request: DialRequest) {
    this.request = request;
    this.dialog = new FakeDialog(sdpOf('0 101', 6000));
  }
  cancel() {
    this.cancelled = true;
    this.#result.resolve({ kind: 'failed', status: 487, detail: 'cancelled' });
  }
  rings = () => this.request.onProvisional(180, undefined);
  playsEarlyMedia = (sdp = sdpOf('0 101', 6000)) => this.request.onProvisional(183, sdp);
  answers(sdp = this.dialog.remoteSdp) {
    const accept = async (ackSdp?: string) => {
      this.accepted.push(ackSdp);
      return this.dialog;
    };
    this.#result.resolve({ kind: 'answered', sdp, accept });
  }
  fails(status: number, retryAfterSeconds?: number) {
    const pause = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    this.#result.resolve({ kind: 'failed', status, detail: `SIP ${status}`, ...pause });
  }
  failsUnheard(unheard: 'silence' | 'transport') {
    const status = unheard === 'silence' ? 408 : 503;
    this.#result.resolve({ kind: 'failed', status, detail: 'made up', unheard });
  }
}

/** The carrier's INVITE and what it is told. */
export class FakeInvite implements IncomingInvite {
  readonly told: string[] = [];
  readonly sipCallId = 'a "quoted" id@192.0.2.1';
  readonly from = { uri: 'sip:+15550199@192.0.2.1', number: '+15550199' };
  readonly to: { uri: string; number: string };
  readonly source: IncomingInvite['source'];
  readonly authorization: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly addressed: IncomingInvite['to'];
  readonly sdp: string | undefined;
  readonly dialog = new FakeDialog(sdpOf());
  answerFails = false;
  readonly #cancel = new AbortController();
  readonly cancelled = this.#cancel.signal;

  constructor({
    to = '+15550100',
    sdp = sdpOf() as string | undefined,
    address = '192.0.2.1',
    late = false,
    authorization = undefined as string | undefined,
    headers = {} as Readonly<Record<string, string>>,
    addressed = undefined as string | undefined,
  } = {}) {
    this.to = { uri: `sip:${to}@edge`, number: to };
    this.source = { address, port: 5060, transport: 'udp' };
    this.authorization = authorization;
    this.headers = headers;
    const named = addressed ?? to;
    this.addressed = { uri: `sip:${named}@edge`, number: named };
    this.sdp = late ? undefined : sdp;
  }
  provisional = (status: 180 | 183, sdp?: string) =>
    void this.told.push(sdp ? `${status} with SDP` : `${status}`);
  async answer() {
    if (this.answerFails) throw new Error('the 200 could not be sent');
    this.told.push('200');
    return this.dialog;
  }
  /** Headers of the final failure. */
  refusedWith: ResponseHeaders = {};
  refuse = (status: number, headers: ResponseHeaders = {}) => {
    this.told.push(String(status));
    this.refusedWith = headers;
  };
  cancels = () => this.#cancel.abort();
}

const silentLeg = {
  packets: 0,
  bytes: 0,
  codec: 'PCMU',
  lossPercent: null,
  jitterMs: null,
  mos: null,
  measuredBy: null,
};
const someMedia: CallMedia = { a: { ...silentLeg, packets: 100 }, b: { ...silentLeg, packets: 90 } };

/** Each side has one port at rtpengine, whoever offers. */
const towards = (leg: LegName) => sdpOf('0 101', leg === 'b' ? 30_000 : 30_002);

class FakeMedia {
  /** What was asked for those who are called in the place of a side, in order. */
  readonly newcomers: string[] = [];
  readonly newcomerOffers: Omit<MediaOffer, 'capture'>[] = [];
  /** What the side that stays would be told. */
  tellsTheOther = sdpOf('0 101', 30_002);
  readonly offers: MediaOffer[] = [];
  /** From now on answers lead to another port. */
  moved = false;
  /** Sides that the other one does not hear. */
  readonly hushed = { a: false, b: false };
  readonly reoffers: Parameters<MediaSession['reoffer']>[0][] = [];
  readonly ended: string[] = [];
  /** Digits put into the stream of a leg, and legs whose digits are withheld. */
  readonly played: { readonly digit: string; readonly durationMs: number; readonly from: string }[] = [];
  readonly withheld: string[] = [];
  /** What the legs were played, in order. */
  readonly recordings: string[] = [];
  readonly released: string[] = [];
  #freed: Promise<void> | undefined;
  #free?: () => void;
  /** rtpengine frees a call only once it `ends`. */
  endsLate() {
    this.#freed = new Promise((resolve) => {
      this.#free = resolve;
    });
  }
  ends = () => this.#free?.();
  failure: Error | undefined;
  /** Sides from which no RTP comes any more. */
  readonly silent = new Set<LegName>();
  /** What each side sends from one look to the next, in packets of so many bytes. */
  readonly sends: Record<LegName, { packets: number; bytesEach: number; codec: string }> = {
    a: { packets: 500, bytesEach: 160, codec: 'PCMU' },
    b: { packets: 500, bytesEach: 160, codec: 'PCMU' },
  };
  readonly #bytes: Record<LegName, number> = { a: 0, b: 0 };
  /** How often it was asked for what is heard. */
  looks = 0;
  readonly #packets = { a: 0, b: 0 };
  session = (callId: string) => ({
    offer: async (offer: MediaOffer) => {
      if (this.failure) throw this.failure;
      this.offers.push(offer);
      return towards(offer.from === 'a' ? 'b' : 'a');
    },
    answer: async (_sdp: string, from: LegName) =>
      this.moved ? sdpOf('0 101', 30_008) : towards(from === 'a' ? 'b' : 'a'),
    answerAlone: async () => {
      if (this.failure) throw this.failure;
      return towards('a');
    },
    reoffer: async (offer: Parameters<MediaSession['reoffer']>[0]) => {
      if (this.failure) throw this.failure;
      this.reoffers.push(offer);
      return withDirection(sdpOf('0 101', 30_004), readSession(offer.sdp)?.direction ?? 'sendrecv');
    },
    digits: {
      prepare: async () => false,
      play: async (digit: string, durationMs: number, from: string) => {
        if (this.failure) throw this.failure;
        this.played.push({ digit, durationMs, from });
      },
      withhold: async (from: string) => {
        if (this.failure) throw this.failure;
        this.withheld.push(from);
      },
      release: async (from: string) => void this.released.push(from),
    },
    hush: async (leg: 'a' | 'b', isHushed: boolean) => {
      this.hushed[leg] = isHushed;
    },
    playback: {
      play: async (file: string, to: readonly LegName[], times: number) => {
        if (this.failure) throw this.failure;
        this.recordings.push(`${file} to ${to.join()} ${times}×`);
        return 3_000;
      },
      ring: async (to: readonly LegName[]) => {
        if (this.failure) throw this.failure;
        this.recordings.push(`ringing to ${to.join()}`);
      },
      stop: async (to: readonly LegName[]) => void this.recordings.push(`none to ${to.join()}`),
    },
    newcomer: (leg: LegName) => {
      const note = (what: string) => void this.newcomers.push(`${what} ${leg}`);
      return {
        offer: async (offer: Omit<MediaOffer, 'capture'>) => {
          if (this.failure) throw this.failure;
          this.newcomerOffers.push(offer);
          note('offer');
          return sdpOf('0 101', 30_010);
        },
        takePlace: async () => {
          if (this.failure) throw this.failure;
          note('takes');
          return this.tellsTheOther;
        },
        stay: async () => note('stays'),
        leave: async () => note('leaves'),
      };
    },
    totals: async () => someMedia,
    heard: async () => {
      if (this.failure) throw this.failure;
      this.looks += 1;
      for (const leg of ['a', 'b'] as const) {
        if (this.silent.has(leg)) continue;
        const { packets, bytesEach } = this.sends[leg];
        this.#packets[leg] += packets;
        this.#bytes[leg] += packets * bytesEach;
      }
      const of = (leg: LegName) => ({
        ...{ packets: this.#packets[leg], bytes: this.#bytes[leg], codec: this.sends[leg].codec },
        lastAt: undefined,
      });
      return { a: of('a'), b: of('b') };
    },
    end: async () => {
      this.ended.push(callId);
      await this.#freed;
      return someMedia;
    },
  });
}

type StageParts = SignalingContext & Pick<Registrar, 'elsewhere'>;

export interface Stage {
  readonly clock: HeldClock;
  readonly media: FakeMedia;
  readonly attempts: FakeAttempt[];
  readonly events: TrunklineEvent[];
  readonly refused: string[];
  /** What the metrics are told of INVITEs. */
  readonly steps: InviteStep[];
  /** Log lines whose message has this in it. */
  readonly logged: ReturnType<typeof heardLogger>['said'];
  readonly calls: Map<string, Call>;
  readonly admission: Admission;
  readonly bindings: Bindings;
  /** Resolves once the other edges can know who is registered with this one. */
  published(): Promise<void>;
  register(request: IncomingRegister): void;
  /** The configuration changes under the feet of what is there. */
  configure(config: RoutingConfigInput): void;
  invite(invite?: FakeInvite): FakeInvite;
  originate(command: CommandOf<'call.originate'>): CommandOutcome;
  /** Lets every promise that can go on do so. */
  settled(): Promise<void>;
  types(): string[];
  event<T extends TrunklineEvent['type']>(type: T): Extract<TrunklineEvent, { type: T }>;
  attempt(index: number): FakeAttempt;
  decides?: (decision: AppliedDecision) => void;
}

/** `decision: 'held'` leaves the decision to the story, through `decides`. */
export function stage({
  config = twoTargets,
  decision = 'at once' as 'at once' | 'held',
  ready = (): boolean => true,
  /** What calls out have come to before. */
  spent = new Map<string, KeptSpend>(),
  /** By what they are called in messages: `environment variable PASSWORD`. */
  secrets = {} as Readonly<Record<string, string>>,
  pressed = (): boolean => false,
  trunks = (_parts: StageParts): SignalingContext['trunks'] => untroubled,
  edgeId = 'edge-1',
  /** What this edge shares with others. */
  fleet = new FleetTables(),
  agents = {
    open: async () => ({ ok: false, fault: 'draining', detail: 'there is no gateway here' }),
  } as SignalingContext['agents'],
} = {}): Stage {
  const clock = heldClock();
  const { logger, said } = heardLogger();
  let current = { version: 7, config: RoutingConfig.parse(config) };
  const media = new FakeMedia();
  const attempts: FakeAttempt[] = [];
  const events: TrunklineEvent[] = [];
  const refused: string[] = [];
  const steps: InviteStep[] = [];
  const held = pDefer<AppliedDecision>();
  const metrics: Metrics = {
    observe: () => {},
    message: () => {},
    mediaRequest: () => {},
    refused: (reason) => void refused.push(reason),
    turnedAway: () => {},
    invite: (step) => void steps.push(step),
  };
  const narrator = createNarrator({
    edge: { id: edgeId, region: 'local', epoch: 1 },
    replyTo: 'http://127.0.0.1/queue',
    outbox: { record: (event) => void events.push(event) },
    metrics,
    clock,
  });
  const snapshot = { current: () => current };
  const store = { load: async () => spent, save: async () => {} };
  const registrar = openRegistrar(
    { ...{ snapshot, narrator, clock, logger }, registrationsTable: fleet, fleet, heartbeatMs: 10_000 },
    { warn: (_, fields, message) => logger.warn(fields, message) },
  );
  const { bindings, elsewhere } = registrar;
  const context: SignalingContext = {
    spending: createSpending({ store, snapshot, narrator, clock, logger }, spent),
    link: {
      contacts: [],
      connected: () => true,
      dialogs: () => 0,
      dial(request) {
        const attempt = new FakeAttempt(request);
        attempts.push(attempt);
        return attempt;
      },
      request: async () => undefined,
      [Symbol.asyncDispose]: async () => {},
    },
    agents,
    prompts: {
      async find(file) {
        if (!file.endsWith('.wav')) throw new Error(`there is no recording "${file}"`);
        return `/prompts/${file}`;
      },
    },
    media: {
      ...media,
      session: media.session,
      healthy: () => true,
      pressed: () => false,
      onDigit() {},
      onLost() {},
      [Symbol.asyncDispose]: async () => {},
    },
    decisions: {
      async decide(received, signal) {
        if (decision === 'held')
          return Promise.race([held.promise, once(signal, 'abort').then(() => refusal)]);
        const { route } = decideRoute(received, current, {
          id: clock.newId(),
          now: new Date(clock.now()).toISOString(),
        });
        return { source: 'live', route, configVersion: 7, waitMs: 12 };
      },
    },
    snapshot,
    secrets: {
      async read(ref) {
        const secret = secrets[nameOfSecret(ref)];
        if (secret === undefined) throw new Error(`${nameOfSecret(ref)} is not set`);
        return secret;
      },
    },
    narrator,
    metrics,
    admission: createAdmission({ maxCalls: 10, maxCallsPerSecond: 5 }, { ready, pressed }, clock),
    nonces: createNonces({ clock }),
    backOff: createBackOff({ clock }),
    calls: new Map(),
    trunks: untroubled,
    bindings,
    clock,
    logger,
    log: { warn: (_, fields, message) => logger.warn(fields, message) },
    decisionMs: 1500,
  };
  const acting = { ...context, trunks: trunks({ ...context, elsewhere }) };
  const refusal: AppliedDecision = {
    source: 'default',
    configVersion: 7,
    waitMs: 0,
    route: { action: 'refuse', reason: 'decision-late' },
  };
  return {
    clock,
    media,
    attempts,
    events,
    refused,
    steps,
    logged: said,
    calls: context.calls,
    admission: context.admission,
    bindings,
    published: () => registrar.settled(),
    register: (request) => onRegister(acting, request),
    configure: (changed) => {
      current = { version: current.version + 1, config: RoutingConfig.parse(changed) };
    },
    decides: held.resolve,
    originate: (command) => originate(acting, command),
    invite(invite = new FakeInvite()) {
      onInvite(acting, invite);
      return invite;
    },
    async settled() {
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    },
    types: () => events.map((event) => event.type),
    event(type) {
      const found = events.find((event) => event.type === type);
      if (!found)
        throw new Error(`${type} was not said; said: ${events.map((event) => event.type).join(', ')}`);
      return found as Extract<TrunklineEvent, { type: typeof type }>;
    },
    attempt(index) {
      const attempt = attempts[index];
      if (!attempt) throw new Error(`target ${index + 1} was not called`);
      return attempt;
    },
  };
}
