import { Client } from 'rtpengine-client';
import { type Clock, MediaError, type Metrics } from '../ports.ts';
import type { NgReply } from './ng-reply.ts';

export interface NgAddress {
  readonly host: string;
  readonly port: number;
}

type NgCommand =
  | 'offer'
  | 'answer'
  | 'query'
  | 'delete'
  | 'ping'
  | 'playDTMF'
  | 'blockDTMF'
  | 'unblockDTMF'
  | 'playMedia'
  | 'stopMedia'
  | 'blockMedia'
  | 'unblockMedia'
  | 'stopRecording';

/** Sends one ng command and gives the reply, or throws {@link MediaError}. */
export type NgRequest = (command: NgCommand, parameters?: Record<string, unknown>) => Promise<NgReply>;

export interface NgClient {
  /** Asks again when the first datagram stays unanswered. */
  readonly request: NgRequest;
  /** Asks once. */
  readonly once: NgRequest;
  /** How long the oldest request without an answer has waited, ms; 0 where all are answered. */
  readonly waitedMs: number;
  close(): void;
}

/**
 * One rtpengine behind the ng protocol over UDP. The client neither times out nor retransmits by itself; each command
 * but playDTMF is safe to repeat, so a lost datagram costs one time-out and not the call. `onLate` hears of each reply that
 * comes after its time-out.
 */
export function createNgClient(
  address: NgAddress,
  timeoutMs: number,
  clock: Clock,
  metrics: Metrics,
  onLate: () => void = () => {},
): NgClient {
  const unread = () => metrics.mediaRequest('unread-reply', 'error', 0);
  const late = () => {
    metrics.mediaRequest('late-reply', 'error', 0);
    onLate();
  };
  const client = new DiscreetClient(
    { timeout: timeoutMs, localAddress: localAddressFor(address.host) },
    late,
  );
  // What cannot be read is an 'error' of the client, and without a listener the process dies.
  client.on('error', unread);

  const waiting = new Set<{ readonly since: number }>();

  const attempt = async (command: NgCommand, parameters: Record<string, unknown>) => {
    const asked = { since: clock.monotonic() };
    const seconds = () => (clock.monotonic() - asked.since) / 1000;
    waiting.add(asked);
    try {
      const reply = (await client[command](address.port, address.host, parameters)) as NgReply;
      const refused = reply.result !== 'ok' && reply.result !== 'pong';
      metrics.mediaRequest(command, refused ? 'error' : 'ok', seconds());
      return reply;
    } catch (cause) {
      metrics.mediaRequest(command, 'timeout', seconds());
      const where = `${address.host}:${address.port}`;
      throw new MediaError(
        'timeout',
        `rtpengine at ${where} gave no answer to ${command} within ${timeoutMs} ms`,
        { cause },
      );
    } finally {
      waiting.delete(asked);
    }
  };

  const once: NgRequest = async (command, parameters = {}) =>
    accepted(command, await attempt(command, parameters));
  const request: NgRequest = async (command, parameters = {}) =>
    accepted(command, await attempt(command, parameters).catch(() => attempt(command, parameters)));
  return {
    request,
    once,
    get waitedMs() {
      const [oldest] = waiting;
      return oldest ? clock.monotonic() - oldest.since : 0;
    },
    close: () => client.close(),
  };
}

function accepted(command: NgCommand, reply: NgReply): NgReply {
  if (reply.result === 'ok' || reply.result === 'pong') return reply;
  throw refusal(command, reply['error-reason'] ?? reply.result);
}

/** The client prints a reply that comes after its time-out, whole: an SDP with its SRTP keys would stand in the log. */
class DiscreetClient extends Client {
  readonly #late: () => void;

  constructor(options: { timeout: number; localAddress: string }, late: () => void) {
    super(options);
    this.#late = late;
  }

  protected override _onParsedMessage(reply: { id: string; data: unknown }): void {
    if (this.messages.has(reply.id)) super._onParsedMessage(reply);
    else this.#late();
  }
}

/**
 * An offer for a new call that rtpengine takes no more of: a limit of sessions or of load, or an order of its operator. It
 * says the same of each (sipwise/rtpengine mr10.5, README, `max-sessions`).
 */
export const saysFull = (error: unknown): boolean =>
  error instanceof MediaError && error.kind === 'refused' && /session limit reached/i.test(error.message);

/** rtpengine says in words what it does not like; an SDP it cannot read is the peer's fault, the rest is ours. */
function refusal(command: NgCommand, reason: string): MediaError {
  const kind = /sdp|parse|media/i.test(reason) ? 'bad-sdp' : 'refused';
  return new MediaError(kind, `rtpengine refused ${command}: ${reason}`);
}

const localAddressFor = (host: string) => (host.startsWith('127.') ? '127.0.0.1' : '0.0.0.0');
