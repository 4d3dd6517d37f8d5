import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Codec, type CodecPolicy } from '../../contracts/config.ts';
import { negotiateCodecs } from '../../core/negotiate-codecs.ts';

const g711: CodecPolicy = { keep: ['PCMU', 'PCMA'], transcode: [] };

describe('an offer under a codec policy', () => {
  test('what is kept goes on in the order of the offer, the rest is refused', () => {
    expect(negotiateCodecs(['opus', 'PCMA', 'PCMU', 'G729'], g711)).toEqual({
      accepted: true,
      kept: ['PCMA', 'PCMU'],
      transcoded: [],
      refused: ['opus', 'G729'],
      add: [],
      towardsTarget: ['PCMA', 'PCMU'],
    });
  });

  test('something kept makes conversion needless', () => {
    const plan = negotiateCodecs(['opus', 'PCMU'], { ...g711, transcode: ['opus'] });
    expect(plan).toMatchObject({ kept: ['PCMU'], transcoded: [], refused: ['opus'], add: [] });
  });

  test('nothing kept but something convertible: the kept codecs of the policy are offered onward', () => {
    const plan = negotiateCodecs(['opus', 'G729'], { ...g711, transcode: ['G722', 'opus'] });
    expect(plan).toEqual({
      accepted: true,
      kept: [],
      transcoded: ['opus'],
      refused: ['G729'],
      add: ['PCMU', 'PCMA'],
      towardsTarget: ['PCMU', 'PCMA'],
    });
  });

  test('no common codec is not accepted', () => {
    const plan = negotiateCodecs(['G729', 'speex'], g711);
    expect(plan).toMatchObject({ accepted: false, refused: ['G729', 'speex'], towardsTarget: [] });
  });

  test('names are compared without case and keep the spelling of the offer', () => {
    expect(negotiateCodecs(['pcmu', 'OPUS'], g711)).toMatchObject({ kept: ['pcmu'], refused: ['OPUS'] });
  });

  test('telephone-event and comfort noise are no codecs to talk with', () => {
    const plan = negotiateCodecs(['telephone-event', 'CN', 'TELEPHONE-EVENT'], g711);
    expect(plan).toMatchObject({ accepted: false, kept: [], refused: [] });
  });

  test('an empty offer is not accepted', () => {
    expect(negotiateCodecs([], g711).accepted).toBe(false);
  });

  const names = [...Codec.options, 'speex', 'GSM', 'telephone-event', 'pcmu', 'Opus'];
  const offers = fc.array(fc.constantFrom(...names), { maxLength: 8 });
  const codecs = fc.uniqueArray(fc.constantFrom(...Codec.options), { maxLength: 5 });
  const policies = fc.record({ keep: codecs.filter((keep) => keep.length > 0), transcode: codecs });
  const lower = (list: readonly string[]) => list.map((name) => name.toLowerCase());

  test('every audio codec of the offer has exactly one fate', () => {
    fc.assert(
      fc.property(offers, policies, (offered, policy) => {
        const { kept, transcoded, refused } = negotiateCodecs(offered, policy);
        const audio = new Set(lower(offered).filter((name) => name !== 'telephone-event'));
        expect(lower([...kept, ...transcoded, ...refused]).sort()).toEqual([...audio].sort());
      }),
    );
  });

  test('only codecs that the policy keeps ever go towards the target, and some do exactly if accepted', () => {
    fc.assert(
      fc.property(offers, policies, (offered, policy) => {
        const { accepted, towardsTarget } = negotiateCodecs(offered, policy);
        for (const name of lower(towardsTarget)) expect(lower(policy.keep)).toContain(name);
        expect(towardsTarget.length > 0).toBe(accepted);
      }),
    );
  });

  test('kept codecs stand in the order of the offer', () => {
    fc.assert(
      fc.property(offers, policies, (offered, policy) => {
        const places = lower(negotiateCodecs(offered, policy).kept).map((name) =>
          lower(offered).indexOf(name),
        );
        expect(places).toEqual([...places].sort((a, b) => a - b));
      }),
    );
  });
});
