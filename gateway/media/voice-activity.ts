import loadFvad, { type Fvad } from '@echogarden/fvad-wasm';

const FRAME = 160;

/** 0 to 3: how sure it must be that this is a voice. */
const AGGRESSIVENESS = 3;

/** Frames in a row that begin speech, and that end it: 80 ms, and 500 ms, so that a pause between words ends nothing. */
const TO_BEGIN = 4;
const TO_END = 25;

let fvad: Fvad | undefined;

/** To be awaited once in a thread before the first call. */
export async function loadVoiceActivity(): Promise<void> {
  fvad ??= await loadFvad();
}

export interface VoiceActivity extends Disposable {
  /** 20 ms at 8 kHz; what has begun or ended with them. */
  hear(frame: Int16Array): 'started' | 'stopped' | undefined;
}

/** WebRTC's detector, with patience in both directions. */
export function createVoiceActivity(): VoiceActivity {
  const wasm = fvad;
  if (!wasm) throw new Error('loadVoiceActivity() was not awaited');
  const detector = wasm._fvad_new();
  wasm._fvad_set_mode(detector, AGGRESSIVENESS);
  wasm._fvad_set_sample_rate(detector, 8_000);
  const memory = wasm._malloc(FRAME * 2);
  let speaks = false;
  let against = 0;
  return {
    hear(frame) {
      wasm.HEAP16.set(frame, memory >> 1);
      const isVoice = wasm._fvad_process(detector, memory, FRAME) === 1;
      against = isVoice === speaks ? 0 : against + 1;
      if (against < (speaks ? TO_END : TO_BEGIN)) return undefined;
      against = 0;
      speaks = !speaks;
      return speaks ? 'started' : 'stopped';
    },
    [Symbol.dispose]() {
      wasm._fvad_free(detector);
      wasm._free(memory);
    },
  };
}
