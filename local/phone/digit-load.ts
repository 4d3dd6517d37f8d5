import { randomInt } from 'node:crypto';
import type { EventOf } from '../../contracts/events.ts';
import type { DevEnv } from '../dev-env.ts';
import { agentScenario } from './agent-scenario.ts';
import type { DigitPhones, Pressing, TimedKey } from './digit-phones.ts';
import { callerScenario } from './scenario.ts';
import { startSipp } from './sipp.ts';

/** An event with the moment at which it was on the bus, ms of performance.now(). */
export interface TimedEvent {
  readonly event: EventOf<'dtmf.received' | 'dtmf.delivered' | 'dtmf.delivery-gap' | 'call.ended'>;
  readonly at: number;
}

export interface DigitLoad {
  readonly calls: number;
  readonly digitsPerCall: number;
  readonly how: Pressing;
  /** How much longer a call lasts than its keys take, ms: for all of them to be answered, and their end to be heard. */
  readonly spareMs: number;
}

export interface DigitLoadResult {
  /** Keys of each call, as they were pressed. */
  readonly pressed: readonly (readonly TimedKey[])[];
  /** Keys of each call, as the agent heard them. */
  readonly heard: readonly (readonly TimedKey[])[];
  /** 0: every call went as planned. */
  readonly sippEnded: number | null;
}

const KEYS = '0123456789*#ABCD';
const randomKeys = (count: number) =>
  Array.from({ length: count }, () => KEYS[randomInt(KEYS.length)]).join('');

/** An agent for all calls. It takes its port now: one that was only looked up may be gone when it is wanted. */
export const startDigitAgent = (phones: DigitPhones) =>
  startSipp({ scenario: agentScenario({ rtpPort: phones.ports.agents, codec: 'PCMU' }) });

/** Places the calls, lets every caller press keys once all are up, and hangs up when the last key was pressed. */
export async function pressDigits(
  env: Pick<DevEnv, 'sip'>,
  phones: DigitPhones,
  { calls, digitsPerCall, how, spareMs }: DigitLoad,
  number: string,
): Promise<DigitLoadResult> {
  const perSecond = 10;
  const pressMs = digitsPerCall * (how.heldFrames + 1 + how.gapFrames) * 20;
  // Keys are pressed once the last call is up.
  const talkMs = (calls / perSecond) * 1000 + pressMs + spareMs;
  const base = { expect: 200, rtpPort: phones.ports.callers, codec: 'PCMU', talkMs } as const;
  await using sipp = await startSipp({
    scenario: callerScenario(base),
    target: `${env.sip.host}:${env.sip.port}`,
    service: number,
    calls,
    flags: ['-r', String(perSecond), '-recv_timeout', '45000'],
  });
  for (const port of await answered(sipp, calls)) phones.talk(port);
  await new Promise((resolve) => setTimeout(resolve, 500));
  const all = Array.from({ length: calls }, (_, stream) =>
    phones.press(stream, randomKeys(digitsPerCall), how),
  );
  await Promise.all(all);
  const sippEnded = await sipp.ended;
  return { ...(await phones.report()), sippEnded };
}

/** Ports of rtpengine, one for each caller. */
async function answered(sipp: Awaited<ReturnType<typeof startSipp>>, calls: number): Promise<number[]> {
  for (;;) {
    const notes = (await sipp.notes()).filter((line) => line.startsWith('ANSWERED'));
    if (notes.length >= calls) return notes.map((line) => Number(line.split(' ')[1]));
    const ended = await Promise.race([
      sipp.ended.then(() => true),
      new Promise((r) => setTimeout(r, 20, false)),
    ]);
    if (ended) throw new Error(`${notes.length} of ${calls} calls were answered: ${await sipp.errors()}`);
  }
}

interface Keyed {
  readonly key: string;
}

/** Each caller with who heard the same keys: nobody else has. */
export function pairs<P extends Keyed, H extends Keyed>({
  pressed,
  heard,
}: {
  readonly pressed: readonly (readonly P[])[];
  readonly heard: readonly (readonly H[])[];
}): { readonly pressed: readonly P[]; readonly heard: readonly H[] | undefined }[] {
  const word = (keys: readonly Keyed[]) => keys.map(({ key }) => key).join('');
  const byWord = new Map(heard.map((keys) => [word(keys), keys]));
  return pressed.map((keys) => ({ pressed: keys, heard: byWord.get(word(keys)) }));
}
