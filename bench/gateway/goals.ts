import { percentile } from '../process-usage.ts';
import type { GatewayFigures } from './measure.ts';

export interface Row {
  readonly name: string;
  readonly value: string;
  /** The limit, and whether it holds; undefined where there is none. */
  readonly goal?: { readonly text: string; readonly holds: boolean };
}

const most = (limit: number, value: number | undefined, text: string) => ({
  text,
  holds: value !== undefined && value <= limit,
});

const spread = (name: string, values: readonly number[], limit: number): Row => {
  const [p50, p99] = [percentile(values, 0.5), percentile(values, 0.99)];
  return {
    ...{ name: `${name}, ms p50 / p99`, value: `${p50?.toFixed(1) ?? 'n/a'} / ${p99?.toFixed(1) ?? 'n/a'}` },
    goal: most(limit, p99, `p99 at most ${limit}`),
  };
};

/** What was measured, with the limit beside the number. A frame is 20 ms: no delay can be held below one for each step that keeps a pace. */
export function rowsOf(figures: GatewayFigures): readonly Row[] {
  const { cpuPerCall, bytesPerCall, residentBytes, pacingMs, said, returned, lost } = figures;
  const kilobytes = bytesPerCall === undefined ? undefined : bytesPerCall / 1_024;
  return [
    {
      ...{ name: 'CPU of the gateway per call, % of a core', value: cpuPerCall.toFixed(2) },
      goal: most(1, cpuPerCall, 'at most 1'),
    },
    {
      name: 'memory: the process, MB; each call, KB',
      value: `${(residentBytes / 2 ** 20).toFixed(0)}; ${kilobytes?.toFixed(0) ?? 'n/a'}`,
      ...(kilobytes === undefined ? {} : { goal: most(256, kilobytes, 'at most 256 a call') }),
    },
    {
      name: 'off the beat of 20 ms, as sent, ms p50 / p99',
      value: `${pacingMs.p50.toFixed(2)} / ${pacingMs.p99.toFixed(2)}`,
      goal: { text: 'p99 under 5', holds: pacingMs.p99 < 5 },
    },
    { name: 'off the beat, as the caller gets it, ms p99', value: pacingMs.atCallerP99.toFixed(2) },
    { name: 'frames lost on the way to the agent', value: String(lost), goal: most(0, lost, 'none') },
    {
      ...{ name: 'frames said that did not come back', value: `${said - returned} of ${said}` },
      goal: { text: 'none', holds: said === returned },
    },
    spread('caller to socket', figures.toSocketMs, 20),
    spread('socket to caller', figures.toCallerMs, 40),
    spread('clear to silence', figures.clearMs, 40),
    ...(figures.growth ? growthOf(figures.growth) : []),
  ];
}

const growthOf = ({
  memory,
  handles,
}: {
  readonly memory: number;
  readonly handles: number;
}): readonly Row[] => [
  {
    ...{ name: 'soak: memory at its end against its first quarter', value: `${memory.toFixed(2)} x` },
    goal: most(1.1, memory, 'at most 1.1'),
  },
  {
    ...{ name: 'soak: handles at its end against its first quarter', value: `${handles.toFixed(2)} x` },
    goal: most(1.01, handles, 'at most 1.01'),
  },
];
