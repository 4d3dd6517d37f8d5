import { Stack } from 'aws-cdk-lib';
import {
  AlarmStatusWidget,
  Dashboard,
  type IAlarm,
  type IMetric,
  type IWidget,
  PeriodOverride,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { controlPlaneCost } from './cost-guess.ts';
import { type FleetMetrics, formula } from './metrics.ts';
import { platform } from './platform-board.ts';
import type { Watched } from './watched.ts';
import { graph, number, text } from './widgets.ts';

/** Of one widget. https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html */
const MOST_ALARMS = 100;

/** What an operator looks at, from the whole to its parts: each board answers one question. */
export class Dashboards extends Construct {
  constructor(scope: Construct, id: string, watched: Watched, alarms: readonly IAlarm[]) {
    super(scope, id);
    const board = (name: string, question: string, ...rows: IWidget[][]) =>
      new Dashboard(this, name, {
        // Boards of all regions share one list of names.
        dashboardName: `${watched.prefix}-${name.toLowerCase()}-${Stack.of(this).region}`,
        periodOverride: PeriodOverride.AUTO,
        widgets: [[text(`# ${watched.prefix}: ${question}`)], ...rows],
      });
    board('Overview', 'does it work?', ...overview(watched, alarms));
    board('Calls', 'how soon are calls answered, and why are they not?', ...calls(watched.fleet));
    board('Carriers', 'which trunk is in trouble?', ...carriers(watched.fleet));
    board('Media', 'do they hear each other, and do digits arrive?', ...media(watched.fleet));
    board('Platform', 'do functions, queues and edges keep up?', ...platform(watched));
  }
}

function overview({ fleet, ...watched }: Watched, alarms: readonly IAlarm[]): IWidget[][] {
  return [
    [
      new AlarmStatusWidget({
        title: 'Alarms: each names its runbook',
        alarms: alarms.slice(0, MOST_ALARMS),
        width: 24,
        height: 6,
      }),
    ],
    [
      number('Calls now', fleet.standing('CallsInProgress', 'calls')),
      number('Edges that take calls', fleetReady(fleet, watched.edgeIds)),
      number('Set up in, p50', fleet.one('SetupTime', {}, { statistic: 'p50', label: 'p50' })),
      number('Dollars an hour, a guess', controlPlaneCost(watched)),
    ],
    [
      graph('Calls that ended, by blame', [fleet.each('CallsEnded', ['blame'])]),
      graph('What callers heard', [fleet.each('Responses', ['direction', 'class'], {}, { direction: 'in' })]),
    ],
  ];
}

const fleetReady = (fleet: FleetMetrics, edgeIds: readonly string[]): IMetric =>
  formula(
    `SUM(METRICS())`,
    Object.fromEntries(
      edgeIds
        .slice(0, 100)
        .map((edge, index) => [`e${index}`, fleet.one('EdgeReady', { edge }, { statistic: 'Minimum' })]),
    ),
    'edges',
  );

function calls(fleet: FleetMetrics): IWidget[][] {
  const spread = (name: 'SetupTime' | 'DecisionWait' | 'PostDialDelay') =>
    ['p50', 'p90', 'p99'].map((statistic) => fleet.one(name, {}, { statistic, label: statistic }));
  const decided = (statistic: string) => fleet.each('DecisionWait', ['source'], { statistic });
  return [
    [
      graph('INVITE to 200', spread('SetupTime')),
      graph('Of it: the wait for the decision', spread('DecisionWait')),
    ],
    [
      graph('Of it: the target, INVITE to the first ringing', spread('PostDialDelay')),
      graph('Of it: requests to rtpengine, average', [
        fleet.each('RtpengineTime', ['outcome'], { statistic: 'Average' }),
      ]),
    ],
    [
      graph('Decisions, by who made them', [decided('SampleCount')]),
      graph('Decisions and commands, by what became of them', [
        fleet.each('QueueMessages', ['kind', 'outcome']),
      ]),
    ],
    [
      graph('Final responses to callers, by code', [
        fleet.each('Responses', ['direction', 'code'], {}, { direction: 'in' }),
      ]),
      graph('Final responses to us, by code', [
        fleet.each('Responses', ['direction', 'code'], {}, { direction: 'out' }),
      ]),
    ],
    [
      graph('Calls that ended, by reason', [fleet.each('CallsEnded', ['reason'])]),
      graph('Refused before they were calls', [
        fleet.each('InvitesRefused', ['reason']),
        fleet.each('RequestsTurnedAway', ['reason']),
      ]),
    ],
  ];
}

const carriers = (fleet: FleetMetrics): IWidget[][] => [
  [
    graph('Calls on each trunk', [fleet.eachStanding('TrunkCalls', ['trunk'])]),
    graph('INVITEs and their answers, by trunk', [fleet.each('Responses', ['trunk', 'direction', 'class'])]),
  ],
  [
    graph(
      'Servers that take calls',
      [fleet.each('TrunkServersUp', ['trunk'], { statistic: 'Minimum' })],
      [fleet.each('TrunkServers', ['trunk'], { statistic: 'Maximum' })],
    ),
    graph('Trunks that are down or not registered', [
      fleet.one('TrunksDown', {}, { statistic: 'Maximum' }),
      fleet.one('TrunksUnregistered', {}, { statistic: 'Maximum' }),
    ]),
  ],
  [
    graph(
      'Registered with the carrier',
      [fleet.each('TrunkRegistered', ['trunk'], { statistic: 'Minimum' })],
      [fleet.each('RegistrationFailures', ['trunk'])],
    ),
    graph('Contacts of users', [fleet.eachStanding('UserBindings', ['trunk'])]),
  ],
  [
    graph('INVITE to 200, p90', [fleet.each('AnswerTime', ['trunk', 'direction'], { statistic: 'p90' })]),
    graph('INVITE to the first ringing, p90', [fleet.each('PostDialDelay', ['trunk'], { statistic: 'p90' })]),
  ],
  [
    graph('Attempts that failed', [fleet.each('AttemptsFailed', ['trunk', 'reason'])]),
    graph('Caps on cost and minutes: share used', [
      fleet.each('TrunkCapUsed', ['trunk'], { statistic: 'Maximum' }),
      fleet.one('TrunksCapped', {}, { statistic: 'Maximum', label: 'trunks at a cap' }),
    ]),
  ],
];

function media(fleet: FleetMetrics): IWidget[][] {
  const low = (by: readonly ('leg' | 'trunk')[]) => fleet.each('Mos', by, { statistic: 'p10' });
  const high = (name: 'Loss' | 'Jitter' | 'Late', by: readonly ('leg' | 'trunk')[]) =>
    fleet.each(name, by, { statistic: 'p90' });
  return [
    [
      graph('MOS, the worst tenth, by side', [low(['leg'])]),
      graph('MOS, the worst tenth, by trunk', [low(['trunk', 'leg'])]),
    ],
    [
      graph('Loss, p90, by side', [high('Loss', ['leg'])]),
      graph('Loss, p90, by trunk', [high('Loss', ['trunk', 'leg'])]),
    ],
    [
      graph('Jitter, p90, by side', [high('Jitter', ['leg'])]),
      graph('Jitter, p90, by trunk', [high('Jitter', ['trunk', 'leg'])]),
    ],
    [
      graph('Packets that came too late to be heard, p90, by side', [high('Late', ['leg'])]),
      graph('Packets that came too late to be heard, p90, by trunk', [high('Late', ['trunk', 'leg'])]),
    ],
    [
      graph('Digits received, delivered, missing', [fleet.each('Digits', ['stage'])]),
      graph('Digits, by trunk', [fleet.each('Digits', ['trunk', 'stage'])]),
    ],
    [
      graph('Digits that were not delivered, by reason', [fleet.each('DigitGaps', ['reason'])]),
      graph('Sides from which no RTP came', [fleet.each('RtpTimeouts', ['kind'])]),
    ],
    [
      graph('Calls of agents on each gateway', [
        fleet.each('AgentSessions', ['gateway'], { statistic: 'Maximum' }),
      ]),
      graph(
        'Gateways that take calls, by edge, and calls they had no room for',
        [fleet.each('GatewaysUp', ['edge'], { statistic: 'Minimum' })],
        [fleet.each('AgentSessionsRefused', ['gateway'])],
      ),
    ],
  ];
}
