import { Duration } from 'aws-cdk-lib';
import type { IMetric } from 'aws-cdk-lib/aws-cloudwatch';
import { type FleetMetrics, formula } from './metrics.ts';
import type { Watched } from './watched.ts';

/** When to wake somebody up. */
export interface Watch {
  readonly what: string;
  readonly metric: IMetric;
  readonly isBad: 'above' | 'below';
  readonly limit: number;
  /** Periods of the metric, one after the other. */
  readonly periods: number;
  /** What it means that nobody counted anything; good by default. */
  readonly silence?: 'good' | 'bad';
}

const minute = Duration.minutes(1);

/** A share in percent, 0 where there were fewer than `least` in all: one call of two is no trend. */
const share = (part: IMetric, whole: IMetric, least: number, label: string) =>
  formula(`IF(FILL(whole,0)>=${least}, 100*FILL(part,0)/whole, 0)`, { part, whole }, label);

const sum = (metrics: readonly IMetric[], label: string) =>
  formula('SUM(METRICS())', Object.fromEntries(metrics.map((metric, index) => [`m${index}`, metric])), label);

function ofCalls(fleet: FleetMetrics) {
  const heard = (kind: string) => fleet.one('Responses', { direction: 'in', class: kind });
  const answers = formula(
    'FILL(two,0)+FILL(four,0)+FILL(five,0)+FILL(six,0)',
    { two: heard('2xx'), four: heard('4xx'), five: heard('5xx'), six: heard('6xx') },
    'final responses',
  );
  const decided = (source: string) => fleet.one('DecisionWait', { source }, { statistic: 'SampleCount' });
  const byEdges = formula(
    'FILL(s,0)+FILL(d,0)',
    { s: decided('snapshot'), d: decided('default') },
    'by edges',
  );
  const decisions = fleet.one('DecisionWait', {}, { statistic: 'SampleCount' });
  return {
    'calls-failing': {
      what: 'one call in twenty is answered 5xx',
      metric: share(heard('5xx'), answers, 20, '% of callers hear 5xx'),
      ...{ isBad: 'above', limit: 5, periods: 5 },
    },
    'decisions-not-live': {
      what: 'edges decide by themselves: decide-route does not answer in time',
      metric: share(byEdges, decisions, 20, '% decided by edges'),
      ...{ isBad: 'above', limit: 10, periods: 5 },
    },
  } as const satisfies Record<string, Watch>;
}

function ofMedia(fleet: FleetMetrics) {
  const digits = (stage: string) => fleet.one('Digits', { stage });
  return {
    'digits-missing': {
      what: 'one digit in a hundred does not arrive',
      metric: share(digits('gap'), digits('received'), 50, '% of digits missing'),
      ...{ isBad: 'above', limit: 1, periods: 5 },
    },
    'audio-bad': {
      what: 'one caller in ten sounds bad',
      metric: fleet.one('Mos', { leg: 'a' }, { statistic: 'p10', label: 'MOS of the worst tenth' }),
      ...{ isBad: 'below', limit: 3.5, periods: 10 },
    },
    'audio-missing': {
      what: 'sides of calls are not heard',
      metric: fleet.one('RtpTimeouts'),
      ...{ isBad: 'above', limit: 5, periods: 3 },
    },
  } as const satisfies Record<string, Watch>;
}

function ofEdges(fleet: FleetMetrics) {
  const worst = { statistic: 'Maximum' };
  const least = { statistic: 'Minimum' };
  return {
    'events-waiting': {
      what: 'events do not reach the bus',
      metric: fleet.one('OutboxAge', {}, { ...worst, label: 'age of the oldest, s' }),
      ...{ isBad: 'above', limit: 60, periods: 3 },
    },
    'events-dropped': {
      what: 'a journal is full, and events were dropped',
      metric: fleet.one('OutboxDropped', {}, worst),
      ...{ isBad: 'above', limit: 0, periods: 1 },
    },
    'trunk-down': {
      what: 'a trunk has no server that takes calls',
      metric: fleet.one('TrunksDown', {}, worst),
      ...{ isBad: 'above', limit: 0, periods: 2 },
    },
    'trunk-unregistered': {
      what: 'a carrier does not know us',
      metric: fleet.one('TrunksUnregistered', {}, worst),
      ...{ isBad: 'above', limit: 0, periods: 5 },
    },
    'spend-cap-reached': {
      what: 'nobody may call out over a trunk: its cap on cost or minutes is reached',
      metric: fleet.one('TrunksCapped', {}, worst),
      ...{ isBad: 'above', limit: 0, periods: 1 },
    },
    'rtpengine-down': {
      what: 'an edge has no rtpengine that is up',
      metric: fleet.one('RtpengineUp', {}, least),
      ...{ isBad: 'below', limit: 1, periods: 2 },
    },
    'gateways-down': {
      what: 'an edge reaches no gateway of agents',
      metric: fleet.one('GatewaysUp', {}, least),
      ...{ isBad: 'below', limit: 1, periods: 2 },
    },
    'gateways-full': {
      what: 'gateways have no room for calls of agents',
      metric: fleet.one('AgentSessionsRefused'),
      ...{ isBad: 'above', limit: 0, periods: 2 },
    },
    'sip-server-down': {
      what: 'an edge has lost its SIP server',
      metric: fleet.one('SipServerUp', {}, least),
      ...{ isBad: 'below', limit: 1, periods: 2 },
    },
  } as const satisfies Record<string, Watch>;
}

function ofFunctions({ functions, deadLetters }: Watched) {
  const each = Object.values(functions);
  const perMinute = { period: minute, statistic: 'Sum' };
  const most = { period: minute, statistic: 'Maximum' };
  const lying = Object.values(deadLetters).map((queue) =>
    queue.metricApproximateNumberOfMessagesVisible(most),
  );
  const runs = functions['reap-calls']?.metricInvocations({ period: Duration.minutes(5), statistic: 'Sum' });
  if (!runs) throw new Error('reap-calls is not watched');
  return {
    'dead-letters': {
      what: 'a function failed events for good',
      metric: sum(lying, 'dead letters'),
      ...{ isBad: 'above', limit: 0, periods: 1 },
    },
    'functions-failing': {
      what: 'functions throw or run out of time',
      metric: sum(
        each.map((lambda) => lambda.metricErrors(perMinute)),
        'errors',
      ),
      ...{ isBad: 'above', limit: 2, periods: 3 },
    },
    'functions-throttled': {
      what: 'functions are not allowed to run',
      metric: sum(
        each.map((lambda) => lambda.metricThrottles(perMinute)),
        'throttles',
      ),
      ...{ isBad: 'above', limit: 0, periods: 3 },
    },
    'reaper-not-running': {
      what: 'calls of edges that die are not ended in the record',
      metric: runs,
      ...{ isBad: 'below', limit: 1, periods: 2, silence: 'bad' },
    },
  } as const satisfies Record<string, Watch>;
}

/** By the name of the alarm, which is that of its runbook. */
export const watches = (watched: Watched): Readonly<Record<string, Watch>> => ({
  ...ofCalls(watched.fleet),
  ...ofMedia(watched.fleet),
  ...ofEdges(watched.fleet),
  ...ofFunctions(watched),
});

/** Of one edge: decisions and commands that it took five times and never handled. */
export const undelivered = ({ undelivered: queues }: Watched, edge: string): Watch | undefined => {
  const metric = queues[edge]?.metricApproximateNumberOfMessagesVisible({
    period: minute,
    statistic: 'Maximum',
  });
  return metric && { what: `edge ${edge} fails commands`, metric, isBad: 'above', limit: 0, periods: 1 };
};

const RECENTLY = Duration.minutes(5);

/** Of edges that come and go with the load: how many must be there. Each tells once a minute, so a minute may miss one. */
export const edgesTooFew = ({ fleet }: Watched, least: number): Watch => ({
  what: `fewer than ${least} edges take calls`,
  metric: formula(
    `ready/${RECENTLY.toMinutes()}`,
    { ready: fleet.one('EdgeReady', {}, { period: RECENTLY }) },
    'edges that take calls',
    RECENTLY,
  ),
  ...{ isBad: 'below', limit: least - 0.5, periods: 1, silence: 'bad' },
});

/** Of one edge that is to be there all the time. */
export const edgeLost = ({ fleet }: Watched, edge: string): Watch => ({
  what: `edge ${edge} takes no calls, or says nothing`,
  metric: fleet.one('EdgeReady', { edge }, { statistic: 'Maximum' }),
  ...{ isBad: 'below', limit: 1, periods: 3, silence: 'bad' },
});
