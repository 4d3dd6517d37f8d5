import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

/** How keys are pressed: 20 ms a frame. */
export interface Pressing {
  readonly heldFrames: number;
  readonly gapFrames: number;
  /** The network loses, doubles and reorders packets, another way for each key; of each key one end packet arrives. */
  readonly troubled: boolean;
}

/** A key with the moment of its first end packet, ms of this process's performance.now(). */
export interface TimedKey {
  readonly key: string;
  readonly at: number;
}

interface DigitReport {
  /** By stream. */
  readonly pressed: readonly (readonly TimedKey[])[];
  /** By call, in no order. */
  readonly heard: readonly (readonly TimedKey[])[];
}

/** Both ends of the audio of many calls. */
export interface DigitPhones extends AsyncDisposable {
  /** Ports for the SDP of every caller, and of every agent. */
  readonly ports: { readonly callers: number; readonly agents: number };
  /** Starts the stream of a caller to this port of rtpengine. */
  talk(to: number): void;
  /** Resolves when the last key was pressed. */
  press(stream: number, keys: string, how: Pressing): Promise<void>;
  /** Ends all streams. */
  report(): Promise<DigitReport>;
}

type FromWorker =
  | { readonly told: 'ports'; readonly pressing: number; readonly hearing: number }
  | { readonly told: 'pressed'; readonly stream: number }
  | { readonly told: 'clock'; readonly at: number }
  | {
      readonly told: 'report';
      readonly pressed: DigitReport['pressed'];
      readonly heard: readonly { readonly keys: readonly TimedKey[] }[];
    };
type Told<T extends FromWorker['told']> = Extract<FromWorker, { told: T }>;

export async function openDigitPhones(): Promise<DigitPhones> {
  const worker = new Worker(new URL('./digit-worker.mjs', import.meta.url), { execArgv: [] });
  // One listener for each stream that presses.
  worker.setMaxListeners(0);
  const told = <T extends FromWorker['told']>(what: T, where: (message: Told<T>) => boolean = () => true) =>
    new Promise<Told<T>>((resolve) => {
      const hear = (message: FromWorker) => {
        if (message.told !== what || !where(message as Told<T>)) return;
        worker.off('message', hear);
        resolve(message as Told<T>);
      };
      worker.on('message', hear);
    });
  const ports = await told('ports');
  const offset = await clockOffset(async () => {
    const answer = told('clock');
    worker.postMessage({ do: 'clock' });
    return (await answer).at;
  });
  const ours = (keys: readonly TimedKey[]) => keys.map(({ key, at }) => ({ key, at: at + offset }));
  return {
    ports: { callers: ports.pressing, agents: ports.hearing },
    talk: (to) => worker.postMessage({ do: 'talk', to }),
    async press(stream, keys, next) {
      const done = told('pressed', (message) => message.stream === stream);
      worker.postMessage({ do: 'press', stream, keys: [...keys], next });
      await done;
    },
    async report() {
      const answer = told('report');
      worker.postMessage({ do: 'report' });
      const { pressed, heard } = await answer;
      return { pressed: pressed.map(ours), heard: heard.map(({ keys }) => ours(keys)) };
    },
    async [Symbol.asyncDispose]() {
      const gone = once(worker, 'exit');
      await worker.terminate();
      await gone;
    },
  };
}

/** What to add to the worker's clock, from the quickest of several answers: half of its round trip is the error. */
async function clockOffset(ask: () => Promise<number>): Promise<number> {
  let best = { trip: Number.POSITIVE_INFINITY, offset: 0 };
  for (let n = 0; n < 20; n += 1) {
    const sent = performance.now();
    const theirs = await ask();
    const trip = performance.now() - sent;
    if (trip < best.trip) best = { trip, offset: sent + trip / 2 - theirs };
  }
  return best.offset;
}
