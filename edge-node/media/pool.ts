import type { Logger } from 'pino';
import { Parts } from '../parts.ts';
import type { Clock, LostMedia, MediaEngine, Metrics, SeenDigit } from '../ports.ts';
import { enginesFrom, enginesInOrder, whyNone } from './choose-engine.ts';
import { listenForDigits } from './digits.ts';
import { type Engine, type EngineSettings, startEngine } from './engine.ts';
import type { EngineState } from './engine-health.ts';
import { listenForLostCalls } from './lost-calls.ts';
import { createPooledSession } from './pooled-session.ts';
import type { NgAddress } from './rtpengine.ts';

export interface MediaSettings {
  readonly engines: readonly EngineSettings[];
  /** Where every rtpengine's DTMF log and teardown calls arrive; they are its `--dtmf-log-dest` and `--b2b-url`. */
  readonly dtmfListen: NgAddress;
  readonly b2bListen: NgAddress;
}

interface EngineStatus {
  /** HOST:PORT, as in the settings. */
  readonly engine: string;
  readonly state: EngineState;
  readonly draining: boolean;
  /** It takes no more calls: a limit of its own, or one that its operator has set. */
  readonly full: boolean;
  /** Calls of this edge. */
  readonly sessions: number;
}

/** Every rtpengine of this edge. */
export interface MediaPool extends MediaEngine {
  engines(): readonly EngineStatus[];
  /** Lines of the DTMF log that the kernel had no room for; undefined where it does not say. */
  lostDigits(): Promise<number | undefined>;
  /** Draining, an engine keeps its calls and takes no new ones. Undefined: there is no such engine. */
  drain(engine: string, draining: boolean): EngineStatus | undefined;
}

interface PoolParts {
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

/** Starts to talk to every rtpengine. Does not wait for those that are away: `healthy()` tells whether one is there. */
export async function startMediaPool(settings: MediaSettings, parts: PoolParts): Promise<MediaPool> {
  const onDigit: ((digit: SeenDigit) => void)[] = [];
  const onLost: ((callId: string, why: LostMedia) => void)[] = [];
  const hear = (digit: SeenDigit) => onDigit.forEach((told) => void told(digit));
  const lose = (callId: string, why: LostMedia) => onLost.forEach((told) => void told(callId, why));
  const started = new Parts();
  try {
    const digitLog = started.use(await listenForDigits(settings.dtmfListen, hear));
    const engines = await startEngines(settings.engines, parts, lose);
    for (const engine of engines) started.use(engine);
    started.use(await listenForLostCalls(settings.b2bListen, (id) => void heardOfSilence(engines, id, lose)));
    return {
      session: (callId) =>
        createPooledSession(callId, {
          inOrder: (kept) => enginesFrom(engines, kept),
          explain: () => whyNone(engines),
        }),
      healthy: () => enginesInOrder(engines).length > 0,
      pressed: () => enginesInOrder(engines).every((engine) => engine.behind),
      onDigit: (listener) => void onDigit.push(listener),
      onLost: (listener) => void onLost.push(listener),
      engines: () => engines.map(statusOf),
      lostDigits: digitLog.lost,
      drain(name, draining) {
        const engine = engines.find((each) => each.name === name);
        if (engine) engine.draining = draining;
        return engine && statusOf(engine);
      },
      [Symbol.asyncDispose]: () => started[Symbol.asyncDispose](),
    };
  } catch (error) {
    await started[Symbol.asyncDispose]();
    throw error;
  }
}

type Lose = (callId: string, why: LostMedia) => void;

async function startEngines(
  settings: readonly EngineSettings[],
  { clock, metrics, logger }: PoolParts,
  onLost: Lose,
): Promise<readonly Engine[]> {
  const tell = ({ name, state, full, sessions }: Engine, before: EngineState | 'unknown') => {
    const level = state === 'up' && !full ? 'info' : 'warn';
    logger[level]({ rtpengine: name, state, before, full, sessions }, 'an rtpengine changed');
  };
  const parts = { clock, metrics, onLost, onChange: tell };
  const engines = await Promise.all(settings.map((each) => startEngine(each, parts)));
  for (const engine of engines) tell(engine, 'unknown');
  return engines;
}

/** An rtpengine that the call has left may still hold it, and find it silent: what counts is where the call is now. */
async function heardOfSilence(engines: readonly Engine[], callId: string, lose: Lose): Promise<void> {
  const here = engines.find((engine) => engine.has(callId));
  const isRemnant = engines.some((engine) => engine !== here && engine.mayHold(callId));
  if (here && isRemnant && (await here.knows(callId))) return;
  lose(callId, { reason: 'media-lost', detail: 'rtpengine saw no RTP from either side' });
}

const statusOf = ({ name, state, draining, full, sessions }: Engine): EngineStatus => ({
  engine: name,
  state,
  draining,
  full,
  sessions,
});
