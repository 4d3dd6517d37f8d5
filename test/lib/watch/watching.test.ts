import { readdirSync, readFileSync } from 'node:fs';
import type { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, test } from 'vitest';
import { dimensions, edgeMetrics } from '../../../contracts/edge-metrics.ts';
import { metrics } from '../../../contracts/metrics.ts';
import { resources, synthesized } from '../synthesized.ts';

interface Widget {
  readonly type: string;
  readonly [place: string]: unknown;
  readonly properties: {
    readonly title?: string;
    readonly metrics?: unknown[][];
    readonly alarms?: string[];
  };
}
interface Told {
  readonly name: string;
  readonly labels: readonly string[];
}

/** References become their JSON, so that what CloudFormation joins is one text. */
const joined = (value: unknown): string => {
  if (typeof value === 'string') return value;
  const parts = (value as { 'Fn::Join'?: [string, unknown[]] })['Fn::Join']?.[1];
  return parts
    ? parts.map(joined).join('')
    : Object.values(value as object)
        .flat()
        .join('.');
};
const boardsOf = (template: Template) =>
  resources(template, 'AWS::CloudWatch::Dashboard').map(([, { Properties }]) => ({
    name: joined(Properties['DashboardName']),
    widgets: (JSON.parse(joined(Properties['DashboardBody'])) as { widgets: Widget[] }).widgets,
  }));
const alarmsOf = (template: Template) =>
  resources(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);

const pageOf = (alarm: Record<string, unknown>) =>
  /Runbook: docs\/runbooks\/([\w-]+)\.md$/.exec(String(alarm['AlarmDescription']))?.[1];

const template = synthesized();
const boards = boardsOf(template);
const alarms = alarmsOf(template);

/** The metric, or those that a SEARCH finds, if they are the edges'. */
function toldBy([namespace, name, ...rest]: readonly unknown[]): Told[] {
  if (namespace === metrics.namespace) {
    const pairs = rest.filter((each) => typeof each === 'string');
    expect(pairs[pairs.indexOf(metrics.fleet) + 1]).toBe('trunkline');
    const labels = pairs.filter((each, index) => index % 2 === 0 && each !== metrics.fleet);
    return [{ name: String(name), labels }];
  }
  const { expression = '' } = (typeof namespace === 'object' ? namespace : {}) as { expression?: string };
  return [...expression.matchAll(/SEARCH\('\{(?<keys>[^}]+)\} MetricName="(?<name>\w+)"/g)].map(
    ({ groups }) => {
      const [space, fleet, ...labels] = String(groups?.['keys']).split(',');
      expect([space, fleet]).toEqual([metrics.namespace, metrics.fleet]);
      return { name: String(groups?.['name']), labels };
    },
  );
}
const shown = boards.flatMap(({ widgets }) => widgets.flatMap((each) => each.properties.metrics ?? []));
const told = shown.flatMap(toldBy);

describe('the dashboards', () => {
  test('answer five questions', () => {
    expect(boards.map(({ name }) => name).sort()).toEqual(
      ['calls', 'carriers', 'media', 'overview', 'platform'].map((name) => `trunkline-${name}-AWS::Region`),
    );
  });

  test('show every metric that edges and functions tell', () => {
    const all = [...Object.keys(edgeMetrics), metrics.handlerOutcomes];
    expect(all.filter((name) => !told.some((each) => each.name === name))).toEqual([]);
  });

  test('show none that nobody tells, nor by dimensions by which none is told', () => {
    const known = new Map<string, readonly (readonly string[])[]>(
      Object.entries(edgeMetrics).map(([name, { by }]) => [
        name,
        (by as readonly (readonly (keyof typeof dimensions)[])[]).map((set) =>
          set.map((each) => dimensions[each]),
        ),
      ]),
    );
    known.set(metrics.handlerOutcomes, [[metrics.function, metrics.outcome]]);
    const setsOf = (name: string) => known.get(name)?.map((set) => [...set].sort());
    expect(told.length).toBeGreaterThan(30);
    for (const { name, labels } of told) expect(setsOf(name)).toContainEqual([...labels].sort());
  });

  test.each(boards)('$name lies in a grid of 24 columns, one widget beside the other', ({ widgets }) => {
    const taken = new Set<string>();
    for (const { x, y, width, height } of widgets as unknown as Record<string, number>[])
      for (let row = Number(y); row < Number(y) + Number(height); row += 1)
        for (let column = Number(x); column < Number(x) + Number(width); column += 1) {
          expect(column).toBeLessThan(24);
          expect(taken).not.toContain(`${row}/${column}`);
          taken.add(`${row}/${column}`);
        }
    const titles = widgets.flatMap(({ properties }) => properties.title ?? []);
    expect(new Set(titles).size).toBe(titles.length);
  });

  test('show every function, dead-letter queue, edge queue and table', () => {
    const text = JSON.stringify(shown);
    const ids = ['AWS::Lambda::Function', 'AWS::SQS::Queue', 'AWS::DynamoDB::Table'].flatMap((type) =>
      resources(template, type).map(([id]) => id),
    );
    expect(ids.filter((id) => !text.includes(id))).toEqual([]);
  });

  test('add up what each edge tells once a minute, and count no minute twice where periods are longer', () => {
    const gauges = ['CallsInProgress', 'TrunkCalls', 'UserBindings', 'OutboxEvents'];
    const ofGauges = shown.filter((each) => toldBy(each).some(({ name }) => gauges.includes(name)));
    expect(new Set(ofGauges.flatMap(toldBy).map(({ name }) => name))).toEqual(new Set(gauges));
    for (const each of ofGauges) {
      // What a formula is made of is not shown itself.
      const { visible, expression = '' } = each.at(-1) as { visible?: boolean; expression?: string };
      expect(visible === false || /\*60\/PERIOD\(\w+\)$/.test(expression)).toBe(true);
    }
  });

  test('show the machines of a fleet by their groups', () => {
    const fleet = {
      zones: ['eu-central-1a', 'eu-central-1b'],
      trunkCidrs: ['198.51.100.0/24'],
      gateways: { max: 2 },
    };
    const own = boardsOf(synthesized({ context: { trunkline: { edges: ['berlin', 'paris'], fleet } } }));
    const inService = own
      .flatMap(({ widgets }) => widgets)
      .find(({ properties }) => properties.title === 'Machines in service');
    expect(inService?.properties.metrics?.map(([, , , group]) => group)).toEqual(
      ['edges', 'gateways', 'media-berlin', 'media-paris'].map((name) => `trunkline-${name}`),
    );
  });

  test('show the alarms', () => {
    const [status] = boards.flatMap(({ widgets }) => widgets.filter(({ type }) => type === 'alarm'));
    expect(status?.properties.alarms).toHaveLength(alarms.length);
  });
});

describe('the alarms', () => {
  const pages = readdirSync(new URL('../../../docs/runbooks', import.meta.url))
    .map((file) => file.replace(/\.md$/, ''))
    .filter((page) => page !== 'README');
  test('have a runbook each, and no runbook is without its alarm', () => {
    expect([...new Set(alarms.map(pageOf))].sort()).toEqual(pages.sort());
  });

  test.each(pages)(
    '%s: the page says what it means, where to look, what to do, and when it is over',
    (page) => {
      const text = readFileSync(new URL(`../../../docs/runbooks/${page}.md`, import.meta.url), 'utf8');
      expect(text).toMatch(new RegExp(`^# ${page}: `));
      for (const part of ['**Means.** ', '**Look first**', '| you see ', '**Over when.** '])
        expect(text).toContain(part);
      for (const [, link] of text.matchAll(/\]\(([\w-]+)\.md\)/g)) expect(pages).toContain(link);
    },
  );

  test('call somebody when they go off and when they are over', () => {
    const [[topic]] = resources(template, 'AWS::SNS::Topic') as [[string, unknown]];
    for (const alarm of alarms)
      expect(alarm).toMatchObject({ AlarmActions: [{ Ref: topic }], OKActions: [{ Ref: topic }] });
  });

  test('look at metrics that edges tell, or AWS', () => {
    const ofOurs = alarms.flatMap(({ Metrics, ...whole }) =>
      (Metrics
        ? (Metrics as { MetricStat?: { Metric: object } }[])
        : [{ MetricStat: { Metric: whole } }]
      ).map(({ MetricStat }) => MetricStat?.Metric as Record<string, unknown> | undefined),
    );
    const namespaces = new Set(ofOurs.flatMap((metric) => metric?.['Namespace'] ?? []));
    expect([...namespaces].sort()).toEqual(['AWS/Lambda', 'AWS/SQS', metrics.namespace]);
    for (const metric of ofOurs)
      if (metric?.['Namespace'] === metrics.namespace)
        expect(Object.keys(edgeMetrics)).toContain(metric['MetricName']);
  });

  test('look at no more metrics than CloudWatch takes in one alarm', () => {
    for (const { Metrics } of alarms)
      expect(
        ((Metrics ?? []) as { MetricStat?: object }[]).filter(({ MetricStat }) => MetricStat).length,
      ).toBeLessThanOrEqual(10);
  });

  test('go off where an edge or the reaper says nothing; of the others silence is no news', () => {
    const bySilence = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching').map(pageOf);
    expect(bySilence.sort()).toEqual(['edge-lost', 'reaper-not-running']);
  });

  test('watch the commands that an edge fails, each edge by itself', () => {
    const own = alarms.filter((alarm) => pageOf(alarm) === 'commands-failing');
    expect(own).toHaveLength(1);
    const [[queue]] = resources(template, 'AWS::SQS::Queue').filter(([id]) => id.includes('Undelivered')) as [
      [string, unknown],
    ];
    expect(JSON.stringify(own)).toContain(queue);
  });
});

describe('the settings', () => {
  const withSettings = (more: object) => synthesized({ context: { trunkline: more } });
  const counts = (of: Template) =>
    ['Dashboard', 'Alarm'].map((type) => resources(of, `AWS::CloudWatch::${type}`).length);

  test('leave dashboards away, and the alarms of edges that are not there yet', () => {
    expect(counts(template)).toEqual([5, alarms.length]);
    const without = withSettings({ dashboards: false, alarms: { edges: false } });
    expect(counts(without)).toEqual([0, alarms.length - 1]);
  });

  test('name an own topic, and then there is none of ours', () => {
    const topicArn = 'arn:aws:sns:eu-central-1:111122223333:on-call';
    const own = withSettings({ alarms: { topicArn } });
    expect(resources(own, 'AWS::SNS::Topic')).toEqual([]);
    expect(alarmsOf(own).every(({ AlarmActions }) => String(AlarmActions) === topicArn)).toBe(true);
  });

  test('subscribe an address of mail to ours', () => {
    const [[, subscription]] = resources(
      withSettings({ alarms: { email: 'oncall@example.com' } }),
      'AWS::SNS::Subscription',
    ) as [[string, object]];
    expect(subscription).toMatchObject({
      Properties: { Protocol: 'email', Endpoint: 'oncall@example.com' },
    });
  });

  test('have an alarm for each edge', () => {
    const names = alarmsOf(withSettings({ edges: ['berlin', 'paris'] })).map(({ AlarmName }) => AlarmName);
    expect(names).toEqual(
      expect.arrayContaining(['trunkline-edge-lost-berlin', 'trunkline-edge-lost-paris']),
    );
  });

  test('have one alarm for all edges, where some may be away: it counts those that take calls', () => {
    const fleet = {
      ...{ zones: ['eu-central-1a', 'eu-central-1b'], trunkCidrs: ['198.51.100.0/24'], minEdges: 1 },
    };
    const lost = alarmsOf(withSettings({ edges: ['berlin', 'paris'], fleet })).filter(
      (alarm) => pageOf(alarm) === 'edge-lost',
    );
    expect(lost).toMatchObject([
      { AlarmName: 'trunkline-edges-too-few', Threshold: 0.5, TreatMissingData: 'breaching' },
    ]);
  });

  test.each([
    ['a topic that is none', { topicArn: 'on-call' }, 'alarms.topicArn: must be the ARN of a topic of SNS'],
    ['an address that is none', { email: 'oncall' }, 'alarms.email'],
    [
      'an address for a topic that is not ours',
      { topicArn: 'arn:aws:sns:eu-central-1:111122223333:on-call', email: 'oncall@example.com' },
      'alarms.email: belongs to the topic that the stack makes',
    ],
  ])('refuse %s', (_, given, says) => {
    expect(() => withSettings({ alarms: given })).toThrow(says);
  });
});
