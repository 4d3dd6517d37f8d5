import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { TrunklineEvent } from '../../contracts/events.ts';
import type { InviteStep } from '../ports.ts';

/** One trunk at the moment of a scrape. */
export interface TrunkGauges {
  readonly trunk: string;
  /** Both directions. */
  readonly calls: number;
  readonly serversUp: number;
  readonly servers: number;
  /** Share of the cap on cost or minutes that is used most. */
  readonly capUsed: number;
}

export interface TrunkMetrics {
  invite(step: InviteStep): void;
  observe(event: TrunklineEvent): void;
}

const RING_BUCKETS = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 12, 20, 32];
const ANSWER_BUCKETS = [0.25, 0.5, 1, 2, 5, 10, 15, 20, 30, 45, 60, 90];

/** The final responses of RFC 3261, 8898 and their kin; a peer that makes up its own makes no label. */
const CODES = new Set(
  `200 202 204 300 301 302 305 380 400 401 402 403 404 405 406 407 408 410 413 414 415 416 420 421 422 423 424 428 429 430
  433 436 437 438 439 440 469 470 480 481 482 483 484 485 486 487 488 489 491 493 494 500 501 502 503 504 505 513 555 580
  600 603 604 606 607 608`.split(/\s+/),
);

/** Labels: trunks of the configuration (empty for the targets of agents), directions, reasons and known codes. */
export function createTrunkMetrics(registry: Registry, gauges: () => readonly TrunkGauges[]): TrunkMetrics {
  const shared = { registers: [registry] };
  const responses = new Counter({
    ...shared,
    name: 'trunkline_trunk_responses_total',
    help: 'Final responses to INVITEs: in, ours to the trunk; out, the other side to us. The share of class 2xx is the ASR',
    labelNames: ['trunk', 'direction', 'class', 'code'],
  });
  const answer = new Histogram({
    ...shared,
    name: 'trunkline_trunk_answer_seconds',
    help: 'INVITE to 200',
    labelNames: ['trunk', 'direction'],
    buckets: ANSWER_BUCKETS,
  });
  const postDial = new Histogram({
    ...shared,
    name: 'trunkline_trunk_post_dial_seconds',
    help: 'INVITE sent to the first ringing, early media or 200',
    labelNames: ['trunk'],
    buckets: RING_BUCKETS,
  });
  const failed = new Counter({
    ...shared,
    name: 'trunkline_trunk_attempts_failed_total',
    help: 'Attempts to call somebody that failed, by reason',
    labelNames: ['trunk', 'reason'],
  });
  gaugesOf(registry, gauges);

  return {
    invite(step) {
      const { direction, seconds } = step;
      const trunk = step.trunk ?? '';
      if (step.kind === 'rang') return postDial.observe({ trunk }, seconds);
      const code = String(step.sipStatus);
      const known = CODES.has(code) ? code : 'other';
      responses.inc({ trunk, direction, class: `${code.slice(0, 1)}xx`, code: known });
      if (step.sipStatus < 300) answer.observe({ trunk, direction }, seconds);
    },
    observe(event) {
      if (event.type === 'call.attempt-failed')
        failed.inc({ trunk: event.trunk ?? '', reason: event.reason });
    },
  };
}

function gaugesOf(registry: Registry, gauges: () => readonly TrunkGauges[]): void {
  new Gauge({
    name: 'trunkline_trunks_down',
    help: 'Trunks that have servers, none of which takes calls',
    registers: [registry],
    collect() {
      this.set(gauges().filter(({ servers, serversUp }) => servers > 0 && serversUp === 0).length);
    },
  });
  new Gauge({
    name: 'trunkline_trunks_capped',
    help: 'Trunks over which nobody may call out, because a cap on cost or minutes is reached',
    registers: [registry],
    collect() {
      this.set(gauges().filter(({ capUsed }) => capUsed >= 1).length);
    },
  });
  const gauge = (name: string, help: string, read: (trunk: TrunkGauges) => number) =>
    new Gauge({
      name: `trunkline_trunk_${name}`,
      help,
      labelNames: ['trunk'],
      registers: [registry],
      collect() {
        this.reset();
        for (const trunk of gauges()) this.set({ trunk: trunk.trunk }, read(trunk));
      },
    });
  gauge('calls', 'Calls of this edge on the trunk, both directions', ({ calls }) => calls);
  gauge('servers', 'Servers of the trunk, as its names lead to them', ({ servers }) => servers);
  gauge('servers_up', 'Servers of the trunk that take calls', ({ serversUp }) => serversUp);
  gauge(
    'cap_used_ratio',
    'Share used of the cap on cost or minutes that is nearest',
    ({ capUsed }) => capUsed,
  );
}
