import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RoutingConfig } from '../../contracts/config.ts';
import { explainCodecs } from '../../core/explain-codecs.ts';
import { planLegs } from '../../core/leg-codecs.ts';
import { SDP_SHOWN, shownSdp } from '../../core/shown-sdp.ts';

const { trunks } = RoutingConfig.parse({
  version: 1,
  trunks: {
    carrier: { sources: ['192.0.2.0/24'] },
    narrow: { sources: ['198.51.100.0/24'], codecs: { keep: ['PCMA'], transcode: ['G729'] } },
  },
  numbers: {},
  agents: {},
});
const policy = { keep: ['PCMU', 'PCMA'], transcode: ['G722'] } as const;
const rules = { policy: { keep: [...policy.keep], transcode: [...policy.transcode] } };

describe('an offer', () => {
  test('is explained codec by codec, by the policy', () => {
    expect(explainCodecs(['G722', 'PCMU', 'opus'], { ...rules, from: 'carrier' }, trunks)).toEqual([
      { codec: 'G722', outcome: 'refused', rule: 'could be converted, which is needless: PCMU is kept' },
      { codec: 'PCMU', outcome: 'kept', rule: 'the policy: keep has it' },
      { codec: 'opus', outcome: 'refused', rule: 'the policy does not name it' },
    ]);
  });

  test('of which nothing is kept is converted, and says into what', () => {
    expect(explainCodecs(['G722'], rules, trunks)).toEqual([
      {
        ...{ codec: 'G722', outcome: 'transcoded' },
        rule: 'the policy: transcode has it, and nothing of the offer is kept; becomes PCMU or PCMA',
      },
    ]);
  });

  test('is explained by the trunk that it comes from, and by the one that it goes to', () => {
    expect(explainCodecs(['PCMU', 'G729'], { ...rules, from: 'narrow' }, trunks)).toEqual([
      { codec: 'PCMU', outcome: 'refused', rule: 'trunks.narrow.codecs does not name it' },
      {
        ...{ codec: 'G729', outcome: 'transcoded' },
        rule: 'trunks.narrow.codecs: transcode has it, and nothing of the offer is kept; becomes PCMU or PCMA',
      },
    ]);
    expect(explainCodecs(['PCMU', 'PCMA'], { ...rules, to: 'narrow' }, trunks)).toEqual([
      { codec: 'PCMU', outcome: 'refused', rule: 'trunks.narrow.codecs does not name it' },
      { codec: 'PCMA', outcome: 'kept', rule: 'trunks.narrow.codecs: keep has it' },
    ]);
  });

  test('is never explained otherwise than it was decided', () => {
    const names = fc.constantFrom('PCMU', 'pcma', 'G722', 'opus', 'G729', 'telephone-event');
    const trunk = fc.constantFrom(undefined, 'carrier', 'narrow');
    fc.assert(
      fc.property(fc.array(names), trunk, trunk, (offered, from, to) => {
        const plan = planLegs(offered, { ...rules, from, to }, trunks);
        const explained = explainCodecs(offered, { ...rules, from, to }, trunks);
        const of = (outcome: string) =>
          explained.filter((each) => each.outcome === outcome).map(({ codec }) => codec.toLowerCase());
        const lower = (list: readonly string[]) => list.map((name) => name.toLowerCase()).sort();
        expect(of('kept').sort()).toEqual(lower(plan.kept));
        expect(of('transcoded').sort()).toEqual(lower(plan.transcoded));
        expect(of('refused').sort()).toEqual(lower(plan.refused));
      }),
    );
  });
});

describe('an SDP that is shown', () => {
  test('has no keys, and says that there were some', () => {
    const shown = shownSdp(
      [
        'v=0',
        'k=clear:hunter2',
        'm=audio 4000 RTP/SAVP 0',
        'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0c2VjcmV0|2^20|1:4',
        'a=ice-ufrag:F7gI',
        'a=ice-pwd:x9cml/YzichV2+XlhiMu8g',
        '',
      ].join('\r\n'),
    );
    expect(shown).toBe(
      'v=0\nk=…\nm=audio 4000 RTP/SAVP 0\na=crypto:1 AES_CM_128_HMAC_SHA1_80 …\n' +
        'a=ice-ufrag:F7gI\na=ice-pwd:…\n',
    );
  });

  test('is as long as an event takes at most', () => {
    expect(shownSdp(`v=0\r\n${'a=x\r\n'.repeat(10_000)}`)).toHaveLength(SDP_SHOWN);
  });
});
