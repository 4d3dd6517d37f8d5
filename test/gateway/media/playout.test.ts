import { describe, expect, test } from 'vitest';
import { Playout } from '../../../gateway/media/playout.ts';

const SILENCE = 0xff;

function aPlayout(maxMs = 1_000) {
  const marks: string[] = [];
  const sent: string[] = [];
  const playout = new Playout({
    ...{ silence: () => SILENCE, maxMs },
    onMark: (name, played) => marks.push(`${name} ${played ? 'played' : 'cleared'}`),
    onDigitSent: (key) => sent.push(key),
  });
  const audio = () => {
    const outgoing = playout.next();
    if (outgoing.kind !== 'audio') throw new Error('a key instead of audio');
    return outgoing;
  };
  return { playout, marks, sent, audio };
}
const bytes = (ms: number, value = 1) => new Uint8Array(ms * 8).fill(value);

describe('what an agent sends', () => {
  test('is played in frames of 20 ms, whatever its pieces were; then there is silence', () => {
    const { playout, audio } = aPlayout();
    for (const ms of [5, 30, 5]) expect(playout.play(bytes(ms))).toBe(true);
    expect(audio().payload).toEqual(bytes(20));
    expect(audio().payload).toEqual(bytes(20));
    expect(audio()).toMatchObject({ isSilence: true, payload: bytes(20, SILENCE) });
  });

  test('is filled up with silence where it ends in the midst of a frame', () => {
    const { playout, audio } = aPlayout();
    playout.play(bytes(5));
    expect([...audio().payload]).toEqual([...bytes(5), ...bytes(15, SILENCE)]);
  });

  test('is refused as a whole where it is more than may wait', () => {
    const { playout } = aPlayout(100);
    expect(playout.play(bytes(90))).toBe(true);
    expect(playout.play(bytes(20))).toBe(false);
    expect(playout.queuedMs).toBe(90);
    playout.next();
    expect(playout.play(bytes(20))).toBe(true);
  });

  test('is gone with the next frame when it is cleared, and its marks come back at once', () => {
    const { playout, marks, audio } = aPlayout();
    playout.play(bytes(500));
    playout.mark('end of the sentence');
    audio();
    playout.clear();
    expect(marks).toEqual(['end of the sentence cleared']);
    expect([audio().isSilence, playout.queuedMs]).toEqual([true, 0]);
  });
});

describe('a mark', () => {
  test('comes back with the frame that its audio ends in, and not before', () => {
    const { playout, marks, audio } = aPlayout();
    playout.play(bytes(40));
    playout.mark('a');
    playout.play(bytes(20));
    playout.mark('b');
    for (const expected of [[], ['a played'], ['a played', 'b played']]) {
      audio();
      expect(marks).toEqual(expected);
    }
  });

  test('with nothing before it comes back with the next frame', () => {
    const { playout, marks, audio } = aPlayout();
    playout.mark('at once');
    audio();
    expect(marks).toEqual(['at once played']);
  });
});

describe('keys', () => {
  test('are sent after the audio before them, each with a marker, a growing duration and three ends', () => {
    const { playout, sent, audio } = aPlayout();
    playout.play(bytes(20));
    playout.press(['5'], 80);
    expect(audio().isSilence).toBe(false);
    const packets = Array.from({ length: 6 }, () => playout.next());
    expect(packets.map((each) => (each.kind === 'digit' ? [...each.payload] : each.kind))).toEqual([
      [5, 8, 0, 160],
      [5, 8, 1, 64],
      [5, 8, 1, 224],
      [5, 0x88, 2, 128],
      [5, 0x88, 2, 128],
      [5, 0x88, 2, 128],
    ]);
    expect(packets.map((each) => each.kind === 'digit' && each.marker)).toEqual([
      ...[true, false, false, false, false, false],
    ]);
    expect(sent).toEqual(['5']);
  });

  test('have a pause between them, and are not cleared with the audio', () => {
    const { playout, sent } = aPlayout();
    playout.press(['1', '1'], 20);
    const first = playout.next();
    expect(first).toMatchObject({ kind: 'digit', marker: true });
    playout.clear();
    const kinds = Array.from({ length: 8 }, () => playout.next().kind);
    expect(kinds).toEqual(['digit', 'digit', 'audio', 'audio', 'audio', 'digit', 'digit', 'digit']);
    expect(sent).toEqual(['1', '1']);
  });
});
