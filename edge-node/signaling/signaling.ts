import type { CommandOf } from '../../contracts/commands.ts';
import type { CommandOutcome, Dns, LiveCalls } from '../ports.ts';
import { type Admission, createAdmission, type Limits, RETRY_AFTER_SECONDS } from './admission.ts';
import { createBackOff } from './auth/back-off.ts';
import { createNonces } from './auth/nonces.ts';
import { credentialsOf } from './auth/our-credentials.ts';
import type { Call } from './call.ts';
import type { SignalingContext } from './context.ts';
import { connectSipServer, type SipServerAddress } from './drachtio/link.ts';
import { createQuietLog, type QuietLog } from './guard/quiet-log.ts';
import { createScreen } from './guard/screen.ts';
import { onInvite } from './on-invite.ts';
import { originate } from './originate/originate.ts';
import type { Bindings } from './registrar/bindings.ts';
import { onRegister } from './registrar/on-register.ts';
import { openRegistrar, type Registrar, type RegistrarParts } from './registrar/registrar.ts';
import type { SipHandlers, SipLink } from './sip.ts';
import type { RegistrationStatus } from './trunks/registration.ts';
import { keepRegistrations } from './trunks/registrations.ts';
import { openTrunkDesk, type TrunkDesk } from './trunks/trunk-desk.ts';
import { reportTrunks, type TrunkReport } from './trunks/trunk-report.ts';

export interface SignalingOptions
  extends Omit<
    SignalingContext,
    'link' | 'log' | 'admission' | 'nonces' | 'backOff' | 'calls' | 'trunks' | 'bindings'
  > {
  readonly sipServer: SipServerAddress;
  readonly limits: Limits;
  readonly dns: Dns;
  readonly registrationsTable: RegistrarParts['registrationsTable'];
  readonly fleet: RegistrarParts['fleet'];
  /** How often each edge of the fleet shows that it lives, ms. */
  readonly heartbeatMs: number;
  /** Whether everything that a new call needs, besides the SIP server, is there. */
  readonly ready: () => boolean;
}

export interface Signaling extends AsyncDisposable {
  readonly link: SipLink;
  readonly calls: LiveCalls;
  readonly draining: boolean;
  /** Every trunk, for the operator. */
  trunks(): readonly TrunkReport[];
  /** The same in figures, trunk by trunk. */
  trunkGauges(): readonly (ReturnType<TrunkDesk['gauges']>[number] & { readonly capUsed: number })[];
  /** Every registration with a carrier. */
  registrations(): readonly RegistrationStatus[];
  /** Contacts of users, trunk by trunk. */
  bindings(): ReturnType<Bindings['gauges']>;
  /** Begins the call that a command asks for. */
  originate(command: CommandOf<'call.originate'>): CommandOutcome;
  /** Calls that are over and whose last event is not yet said. */
  readonly ending: number;
  /** Resolves when the calls that are over now have said their last event. */
  settled(): Promise<void>;
  /** No new calls from now on; resolves when the last one is over, or when `ms` are and the rest has been ended. */
  drain(ms: number): Promise<{ readonly ended: number }>;
}

/** The SIP side of the edge: connects to the SIP server and carries every call that it brings. */
export async function startSignaling(options: SignalingOptions): Promise<Signaling> {
  const { clock, media, limits, logger, ready } = options;
  const calls = new Map<string, Call>();
  const log = createQuietLog(logger, clock);
  const admission = createAdmission(limits, { ready, pressed: media.pressed }, clock);
  let context: SignalingContext | undefined;
  const registrar = openRegistrar(options, log);
  const { bindings } = registrar;
  const isKnown = (pass: string) => bindings.byPass(pass) !== undefined;
  const link = await connectSipServer(
    options.sipServer,
    handlersFor(() => context, admission, createScreen({ ...options, log, isKnown }), log),
    logger,
  );
  const { trunks, registrations, told } = openCarriers(options, link, registrar);
  const doorkeeping = { admission, nonces: createNonces({ clock }), backOff: createBackOff({ clock }) };
  const here = { ...options, ...doorkeeping, link, log, calls, trunks, bindings };
  context = here;
  hearMedia(media, calls);

  const overNow = () => [...calls.values()].filter((call) => call.isOver);
  const endAll = async (reason: 'edge-draining') => {
    const left = [...calls.values()];
    await Promise.all(left.map((call) => call.end({ reason })));
    return left.length;
  };
  return {
    link,
    calls: {
      find: (id) => calls.get(id),
      get size() {
        return calls.size;
      },
    },
    ...told,
    get draining() {
      return admission.draining;
    },
    originate: (command) => originate(here, command),
    get ending() {
      return overNow().length;
    },
    async settled() {
      await Promise.all([...overNow().map((call) => call.ended), registrar.settled()]);
    },
    async drain(ms) {
      admission.drain();
      // Those that call us by our registration go elsewhere from now on.
      const farewell = registrations.drain();
      await lastCallOver(calls, ms, clock);
      await farewell;
      return { ended: await endAll('edge-draining') };
    },
    async [Symbol.asyncDispose]() {
      admission.drain();
      trunks[Symbol.dispose]();
      registrations[Symbol.dispose]();
      registrar[Symbol.dispose]();
      await endAll('edge-draining');
      await link[Symbol.asyncDispose]();
    },
  };
}

function handlersFor(
  context: () => SignalingContext | undefined,
  admission: Admission,
  screen: SipHandlers['screen'],
  log: QuietLog,
): SipHandlers {
  const elsewhere = { 'Retry-After': RETRY_AFTER_SECONDS };
  return {
    screen,
    onMalformed(why) {
      log.warn('malformed', { why }, 'refused an INVITE that cannot become a call');
    },
    onInvite(invite) {
      const here = context();
      if (here) onInvite(here, invite);
      else invite.refuse(503, elsewhere);
    },
    onRegister(request) {
      const here = context();
      if (here) onRegister(here, request);
      else request.answer(503, elsewhere);
    },
    // OPTIONS are how a carrier learns where to send its INVITEs, so they hear the same.
    onOptions() {
      const here = context();
      const takesCalls = here && admission.wouldRefuse(here.calls.size) === undefined;
      return takesCalls ? { status: 200, headers: {} } : { status: 503, headers: elsewhere };
    },
    onLinkDown() {
      for (const call of context()?.calls.values() ?? []) void call.end({ reason: 'sip-server-lost' });
    },
  };
}

/** Probes and registrations answer whoever asks who we are with the credentials of the trunk. */
function openCarriers(options: SignalingOptions, link: SipLink, { bindings, elsewhere }: Registrar) {
  const credentials = (trunk: string) => credentialsOf(trunk, options);
  const registrations = keepRegistrations({
    ...options,
    edge: options.narrator.edge.id,
    request: link.request,
    credentials,
  });
  const trunks = openTrunkDesk({
    ...{ ...options, bindings, elsewhere },
    options: (uri, timeoutMs, nextHop, trunk, headers = {}) =>
      link.request({ method: 'OPTIONS', uri, timeoutMs, nextHop, headers, credentials: credentials(trunk) }),
    contacts: () => link.contacts,
  });
  const told: Pick<Signaling, 'trunks' | 'trunkGauges' | 'registrations' | 'bindings'> = {
    trunks: () =>
      reportTrunks({
        trunks: options.snapshot.current()?.config.trunks ?? {},
        endpoints: trunks.status(),
        calls: trunks.calls,
        caps: options.spending.caps,
        bindings: bindings.gauges(),
        registrations: registrations.status(),
      }),
    trunkGauges: () =>
      trunks.gauges().map((each) => ({ ...each, capUsed: options.spending.share(each.trunk) })),
    registrations: () => registrations.status(),
    bindings: () => bindings.gauges(),
  };
  return { trunks, registrations, told };
}

function hearMedia(media: SignalingOptions['media'], calls: ReadonlyMap<string, Call>): void {
  media.onDigit((digit) => {
    const call = calls.get(digit.callId);
    call?.digits.heard(digit);
  });
  media.onLost((callId, why) => void calls.get(callId)?.end(why));
}

/** Looks every quarter of a second: a drain is rare and its end is not urgent. */
function lastCallOver(
  calls: ReadonlyMap<string, unknown>,
  ms: number,
  clock: SignalingOptions['clock'],
): Promise<void> {
  const deadline = clock.monotonic() + ms;
  return new Promise((resolve) => {
    const look = () => {
      if (calls.size === 0 || clock.monotonic() >= deadline) return resolve();
      clock.after(250, look);
    };
    look();
  });
}
