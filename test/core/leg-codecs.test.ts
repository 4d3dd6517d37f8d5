import { describe, expect, test } from 'vitest';
import type { Codec, CodecPolicy, RoutingConfig } from '../../contracts/config.ts';
import { RoutingConfig as Config } from '../../contracts/config.ts';
import { planLegs } from '../../core/leg-codecs.ts';

const policy: CodecPolicy = { keep: ['PCMU', 'PCMA'], transcode: [] };

const trunks = (codecs: Record<string, { keep: Codec[]; transcode?: Codec[] }>): RoutingConfig['trunks'] =>
  Config.parse({
    version: 1,
    trunks: Object.fromEntries(
      Object.entries(codecs).map(([name, each]) => [name, { endpoints: [{ host: name }], codecs: each }]),
    ),
    numbers: {},
    agents: {},
  }).trunks;

describe('a call out over a trunk with codecs', () => {
  test('is offered those of the trunk, whatever the policy keeps', () => {
    const there = trunks({ out: { keep: ['G729'], transcode: ['PCMU'] } });
    expect(planLegs(['PCMU', 'PCMA'], { policy, from: 'in', to: 'out' }, there)).toMatchObject({
      accepted: true,
      kept: [],
      transcoded: ['PCMU'],
      add: ['G729'],
      refused: ['PCMA'],
    });
  });

  test('is not possible where the trunk takes nothing of the offer', () => {
    const there = trunks({ out: { keep: ['G729'] } });
    expect(planLegs(['PCMU'], { policy, to: 'out' }, there).accepted).toBe(false);
  });
});

describe('a call in from a trunk with codecs', () => {
  test('may use what both the trunk and the policy keep', () => {
    const here = trunks({ in: { keep: ['PCMA', 'G722'] } });
    expect(planLegs(['G722', 'PCMU', 'PCMA'], { policy, from: 'in' }, here)).toMatchObject({
      kept: ['PCMA'],
      refused: ['G722', 'PCMU'],
    });
  });

  test('is converted from what the trunk says can be, though the policy does not', () => {
    const here = trunks({ in: { keep: ['PCMU'], transcode: ['G729'] } });
    expect(planLegs(['G729', 'telephone-event'], { policy, from: 'in' }, here)).toMatchObject({
      transcoded: ['G729'],
      add: ['PCMU', 'PCMA'],
      refused: [],
    });
  });

  test('goes to another trunk by the codecs of both', () => {
    const both = trunks({ in: { keep: ['PCMU'] }, out: { keep: ['G729'], transcode: ['PCMU', 'PCMA'] } });
    const plan = planLegs(['PCMA', 'PCMU'], { policy, from: 'in', to: 'out' }, both);
    expect(plan).toMatchObject({ transcoded: ['PCMU'], add: ['G729'], refused: ['PCMA'] });
  });
});
