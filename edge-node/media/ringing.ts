/** Samples a second: more than twice the pitch, few enough for one datagram, and without a byte above 127. */
const RATE = 2_048;
/** ITU-T E.180: a second of a tone between 400 and 450 Hz, then four of silence. */
const PITCH = 425;
const TONE_SECONDS = 1;
const PAUSE_SECONDS = 4;
/** In which the tone rises and falls, so that it does not click. */
const RAMP_SECONDS = 0.03;
const LOUDNESS = 3_000;

/**
 * A ringing tone as a WAV file of 16-bit samples, that goes with the request: an rtpengine elsewhere finds no file of ours. The
 * client of the ng protocol sends text, so each byte is one of ASCII: no sample is negative, and what the tone stands upon
 * is no tone to an ear.
 */
export const ringing: string = wav(
  Array.from({ length: RATE * (TONE_SECONDS + PAUSE_SECONDS) }, (_, n) => {
    const at = n / RATE;
    const height = Math.min(1, at / RAMP_SECONDS, Math.max(0, TONE_SECONDS - at) / RAMP_SECONDS);
    return height * LOUDNESS * (1 + Math.sin(2 * Math.PI * PITCH * at));
  }),
);

/** Its lengths say "to the end": the real ones could have bytes above 127. */
function wav(samples: readonly number[]): string {
  const header = Buffer.alloc(44);
  header.write('RIFF\x7f\x7f\x7f\x7fWAVEfmt ', 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data\x7f\x7f\x7f\x7f', 36, 'latin1');
  const audio = Buffer.alloc(samples.length * 2);
  for (const [index, sample] of samples.entries())
    audio.writeUInt16LE(Math.round(sample) & 0x7f7f, index * 2);
  return Buffer.concat([header, audio]).toString('latin1');
}
