/** Units of CloudWatch. */
export type MetricUnit = 'Count' | 'Seconds' | 'Percent' | 'Milliseconds' | 'None';

/** A metric of an edge or a gateway: on /metrics under the name `from`, in CloudWatch under its key below. */
export interface EdgeMetric {
  readonly from: string;
  readonly unit: MetricUnit;
  /**
   * Labels that become dimensions, besides Fleet. Each list is a set of dimensions by which CloudWatch knows the metric;
   * every combination of values is a metric that is billed, so labels come from closed sets.
   */
  readonly by: readonly (readonly Label[])[];
  readonly says: string;
}

/** Labels of /metrics, and the names of the dimensions that they become. */
export const dimensions = {
  edge: 'Edge',
  trunk: 'Trunk',
  leg: 'Leg',
  direction: 'Direction',
  class: 'Class',
  code: 'Code',
  reason: 'Reason',
  blame: 'Blame',
  source: 'Source',
  stage: 'Stage',
  kind: 'Kind',
  outcome: 'Outcome',
  engine: 'Engine',
  gateway: 'Gateway',
} as const;
export type Label = keyof typeof dimensions;

const metric = (from: string, unit: MetricUnit, by: EdgeMetric['by'], says: string): EdgeMetric => ({
  ...{ from: `trunkline_${from}`, unit, by, says },
});

/** Everything that edges and gateways tell CloudWatch. Counters as what was added, gauges as they stand, times as distributions. */
export const edgeMetrics = {
  CallsInProgress: metric('calls_active', 'Count', [[], ['edge']], 'calls that are up'),
  EdgeReady: metric('edge_ready', 'None', [[], ['edge']], '1: takes calls; 0: does not; nothing: is gone'),
  CallsEnded: metric('calls_ended_total', 'Count', [[], ['blame'], ['reason']], 'calls that ended'),
  InvitesRefused: metric(
    'invites_refused_total',
    'Count',
    [['reason']],
    'INVITEs refused before they were calls',
  ),
  RequestsTurnedAway: metric('requests_turned_away_total', 'Count', [['reason']], 'requests of strangers'),
  SetupTime: metric('setup_seconds', 'Seconds', [[]], 'INVITE received to 200 sent'),
  DecisionWait: metric('decision_wait_seconds', 'Seconds', [[], ['source']], 'wait for the routing decision'),
  Responses: metric(
    'trunk_responses_total',
    'Count',
    [
      ['direction', 'class'],
      ['direction', 'code'],
      ['trunk', 'direction', 'class'],
    ],
    'final responses to INVITEs',
  ),
  AnswerTime: metric('trunk_answer_seconds', 'Seconds', [['trunk', 'direction']], 'INVITE to 200'),
  PostDialDelay: metric('trunk_post_dial_seconds', 'Seconds', [[], ['trunk']], 'INVITE to the first ringing'),
  AttemptsFailed: metric(
    'trunk_attempts_failed_total',
    'Count',
    [['trunk', 'reason']],
    'attempts that failed',
  ),
  TrunkCalls: metric('trunk_calls', 'Count', [['trunk']], 'calls on a trunk, both directions'),
  TrunkServersUp: metric('trunk_servers_up', 'Count', [['trunk']], 'servers of a trunk that take calls'),
  TrunkServers: metric('trunk_servers', 'Count', [['trunk']], 'servers of a trunk'),
  TrunksDown: metric('trunks_down', 'Count', [[]], 'trunks none of whose servers takes calls'),
  TrunkCapUsed: metric('trunk_cap_used_ratio', 'None', [['trunk']], 'share used of a cap on cost or minutes'),
  TrunksCapped: metric(
    'trunks_capped',
    'Count',
    [[]],
    'trunks over which nobody may call out: a cap on cost or minutes is reached',
  ),
  TrunkRegistered: metric('trunk_registered', 'None', [['trunk']], '1: registered with the carrier'),
  TrunksUnregistered: metric(
    'trunks_unregistered',
    'Count',
    [[]],
    'trunks whose carrier does not know the edge',
  ),
  RegistrationFailures: metric(
    'trunk_registration_failures_total',
    'Count',
    [['trunk']],
    'tries to register that failed',
  ),
  UserBindings: metric('user_bindings', 'Count', [['trunk']], 'contacts of users that are registered'),
  Mos: metric('leg_mos', 'None', [['leg'], ['trunk', 'leg']], 'mean opinion score of a call (ITU-T G.107)'),
  Loss: metric('leg_loss_percent', 'Percent', [['leg'], ['trunk', 'leg']], 'RTP packets lost of a call'),
  Jitter: metric('leg_jitter_seconds', 'Seconds', [['leg'], ['trunk', 'leg']], 'jitter of a call (RFC 3550)'),
  Late: metric(
    'leg_late_percent',
    'Percent',
    [['leg'], ['trunk', 'leg']],
    'RTP packets of a call that came too late to be heard',
  ),
  RtpTimeouts: metric('rtp_timeouts_total', 'Count', [[], ['kind']], 'sides from which no RTP came'),
  Digits: metric(
    'dtmf_digits_total',
    'Count',
    [['stage'], ['trunk', 'stage']],
    'digits received, delivered, gap',
  ),
  DigitGaps: metric('dtmf_delivery_gaps_total', 'Count', [['reason']], 'digits that were not delivered'),
  OutboxEvents: metric('outbox_events', 'Count', [[], ['edge']], 'events not yet on the bus'),
  OutboxAge: metric('outbox_oldest_seconds', 'Seconds', [[], ['edge']], 'age of the oldest of them'),
  OutboxDropped: metric('outbox_dropped', 'Count', [[]], 'events dropped since the start of the edge'),
  QueueMessages: metric('queue_messages_total', 'Count', [['kind', 'outcome']], 'decisions and commands'),
  RtpengineUp: metric('rtpengine_up', 'None', [[], ['edge', 'engine']], '1: up; 0: suspect or dead'),
  RtpengineTime: metric('rtpengine_request_seconds', 'Seconds', [['outcome']], 'requests to rtpengine'),
  GatewaysUp: metric(
    'gateways_up',
    'Count',
    [[], ['edge']],
    'gateways that an edge reaches; nothing: it was told of none',
  ),
  AgentSessions: metric('agent_sessions', 'Count', [[], ['gateway']], 'calls of agents on a gateway'),
  AgentSessionsRefused: metric(
    'agent_sessions_refused_total',
    'Count',
    [[], ['gateway']],
    'sessions that a gateway had no room for',
  ),
  SipServerUp: metric('sip_server_up', 'None', [[], ['edge']], '1: connected'),
} as const satisfies Record<string, EdgeMetric>;
export type EdgeMetricName = keyof typeof edgeMetrics;
