import { describe, expect, test } from 'vitest';
import { MOST_KEYS, MOST_MARKS, Playout } from '../../../gateway/media/playout.ts';

const SILENCE = 0xff;

function aPlayout(maxMs = 1_000) {
  const marks: string[] = [];
  const playout = new Playout({
    ...{ frameBytes: 160, silence: SILENCE, maxMs },
    isQuiet: (audio) => audio.every((byte) => byte === SILENCE),
    onMark: (name, played) => marks.push(`${name} ${played ? 'played' : 'cleared'}`),
  });
  const audio = () => {
    const outgoing = playout.next();
    if (outgoing.kind !== 'audio') throw new Error('a key instead of audio');
    return outgoing;
  };
  return { playout, marks, audio };
}
const bytes = (ms: number, value = 1) => new Uint8Array(ms * 8).fill(value);

describe('what an agent sends', () => {
  test('is played in frames of 20 ms, whatever its pieces were; then there is silence', () => {
    const { playout, audio } = aPlayout();
    for (const ms of [5, 30, 5]) expect(playout.play(bytes(ms))).toBe('queued');
    expect(audio().frame).toEqual(bytes(20));
    expect(audio().frame).toEqual(bytes(20));
    expect(audio()).toMatchObject({ isSilence: true, frame: bytes(20, SILENCE) });
  });

  test('is filled up with silence where it ends in the midst of a frame', () => {
    const { playout, audio } = aPlayout();
    playout.play(bytes(5));
    expect([...audio().frame]).toEqual([...bytes(5), ...bytes(15, SILENCE)]);
  });

  test('is refused as a whole where it is more than may wait', () => {
    const { playout } = aPlayout(100);
    expect(playout.play(bytes(90))).toBe('queued');
    expect(playout.play(bytes(20))).toBe('full');
    expect(playout.queuedMs).toBe(90);
    playout.next();
    expect(playout.play(bytes(20))).toBe('queued');
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

  test('more than may wait is refused, until one has come back', () => {
    const { playout, audio } = aPlayout();
    playout.play(bytes(20));
    for (let mark = 0; mark < MOST_MARKS; mark += 1) expect(playout.mark(`${mark}`)).toBe('queued');
    expect(playout.mark('one more')).toBe('full');
    audio();
    expect(playout.mark('one more')).toBe('queued');
    for (let mark = 1; mark < MOST_MARKS; mark += 1) playout.mark(`${mark}`);
    expect(playout.mark('too many')).toBe('full');
    playout.clear();
    expect(playout.mark('after clear')).toBe('queued');
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
    const { playout, audio } = aPlayout();
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
  });

  test('have a pause between them, and are not cleared with the audio', () => {
    const { playout } = aPlayout();
    playout.press(['1', '1'], 20);
    const first = playout.next();
    expect(first).toMatchObject({ kind: 'digit', marker: true });
    playout.clear();
    const kinds = Array.from({ length: 8 }, () => playout.next().kind);
    expect(kinds).toEqual(['digit', 'digit', 'audio', 'audio', 'audio', 'digit', 'digit', 'digit']);
  });
});

describe('keys that are too many', () => {
  test('are refused as a whole, until some are sent', () => {
    const { playout } = aPlayout();
    expect(playout.press(Array(MOST_KEYS).fill('1'), 40)).toBe('queued');
    expect(playout.press(['2'], 40)).toBe('full');
    playout.clear();
    expect(playout.press(['2'], 40)).toBe('full');
    playout.next();
    expect(playout.press(['2', '3'], 40)).toBe('full');
    expect(playout.press(['2'], 40)).toBe('queued');
  });
});

describe('an agent that streams', () => {
  /** By beats of 20 ms: a second of words, and one of pause. */
  const word = (beat: number) => bytes(20, beat % 100 < 50 ? 1 : SILENCE);

  function streamed(beats: number, isStalled: (beat: number) => boolean) {
    const { playout } = aPlayout(10_000);
    const heard: number[] = [];
    const late: Uint8Array[] = [];
    for (let beat = 0; beat < beats; beat += 1) {
      late.push(word(beat));
      if (!isStalled(beat)) for (const audio of late.splice(0)) playout.play(audio);
      const outgoing = playout.next();
      if (outgoing.kind === 'audio') heard.push(outgoing.frame[0] ?? 0);
    }
    return { playout, words: heard.filter((byte) => byte === 1).length };
  }

  test('and stands still again and again is no later for it in the end, and every word is heard', () => {
    const { playout, words } = streamed(3_000, (beat) => beat > 100 && beat % 500 < 15);
    expect(playout.queuedMs).toBeLessThanOrEqual(100);
    expect(playout.leftOutMs).toBeGreaterThan(200);
    expect(words).toBeGreaterThanOrEqual(1_500 - 5);
  });

  test('with a clock that is fast is trimmed as it goes', () => {
    const { playout } = aPlayout(10_000);
    for (let beat = 0; beat < 10_000; beat += 1) {
      playout.play(word(beat));
      if (beat % 500 === 0) playout.play(bytes(20, SILENCE));
      playout.next();
    }
    expect(playout.queuedMs).toBeLessThanOrEqual(120);
  });

  test('by small pieces that come unevenly is not touched', () => {
    const { playout } = streamed(2_000, (beat) => beat % 3 !== 0);
    expect(playout.leftOutMs).toBe(0);
  });
});

test.each([
  ['at once', 500],
  ['four times as fast as it is played', 4],
  ['a little faster than it is played', 2],
])('an agent that sends what it has to say %s keeps its pauses', (_, pieces) => {
  const { playout } = aPlayout(60_000);
  let said = 0;
  for (let beat = 0; beat < 600; beat += 1) {
    for (let piece = 0; piece < pieces && said < 500; piece += 1) {
      playout.play(bytes(20, said % 50 < 25 ? 1 : SILENCE));
      said += 1;
    }
    playout.next();
  }
  expect([playout.leftOutMs, playout.queuedMs]).toEqual([0, 0]);
});
