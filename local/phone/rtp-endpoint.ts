import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { qualityOf } from '../../edge-node/media/stream-quality.ts';

type ToRtpWorker =
  | {
      readonly do: 'talk';
      readonly to: { readonly host: string; readonly port: number };
      readonly audio: Int16Array;
      readonly events?: number | undefined;
    }
  | { readonly do: 'press'; readonly keys: readonly string[] }
  | { readonly do: 'speak'; readonly payloadType: number }
  | { readonly do: 'hush' }
  | { readonly do: 'report' };

interface HeardPacket {
  readonly sequence: number;
  readonly timestamp: number;
  readonly type: number;
  readonly ssrc: number;
  readonly at: number;
}

type FromRtpWorker =
  | { readonly told: 'port'; readonly port: number }
  | {
      readonly told: 'report';
      readonly sent: number;
      readonly heard: readonly HeardPacket[];
      readonly digits: string;
      readonly pcm: Int16Array;
      readonly keysLeft: number;
    };

/** What one end of a call sent and heard. */
export interface RtpReport {
  readonly sent: number;
  readonly received: number;
  readonly lossPercent: number | null;
  readonly jitterMs: number | null;
  /** Keys heard, as RFC 4733 events. */
  readonly digits: string;
  /** What was heard, decoded, 8 kHz. */
  readonly pcm: Int16Array;
  /** Keys not pressed yet. */
  readonly keysLeft: number;
}

export interface RtpEndpoint extends AsyncDisposable {
  readonly port: number;
  /** Sends `audio` to there, over and over, 20 ms a packet. `events`: payload type of telephone-event where it is not 101. */
  talk(to: { readonly host: string; readonly port: number }, audio: Int16Array, events?: number): void;
  /** Presses keys one after the other: 160 ms each, 100 ms between. Audio pauses meanwhile. */
  press(digits: string): void;
  /** Goes on in another codec. */
  speak(codec: 'PCMU' | 'PCMA'): void;
  hush(): void;
  report(): Promise<RtpReport>;
}

const typeOf = (codec: 'PCMU' | 'PCMA') => (codec === 'PCMA' ? 8 : 0);

/** Opens an RTP port on loopback. With `echo` everything heard goes back where it came from. */
export async function openRtpEndpoint({
  codec = 'PCMU' as 'PCMU' | 'PCMA',
  echo = false,
} = {}): Promise<RtpEndpoint> {
  const workerData = { payloadType: typeOf(codec), echo };
  const worker = new Worker(new URL('./rtp-worker.mjs', import.meta.url), { workerData, execArgv: [] });
  const ask = (message: ToRtpWorker) => worker.postMessage(message);
  const [first] = (await once(worker, 'message')) as [FromRtpWorker];
  if (first.told !== 'port') throw new Error('the RTP worker did not open a port');
  return {
    port: first.port,
    talk: (to, audio, events) => ask({ do: 'talk', to, audio, events }),
    press: (digits) => ask({ do: 'press', keys: [...digits] }),
    speak: (other) => ask({ do: 'speak', payloadType: typeOf(other) }),
    hush: () => ask({ do: 'hush' }),
    async report() {
      ask({ do: 'report' });
      const [answer] = (await once(worker, 'message')) as [FromRtpWorker];
      if (answer.told !== 'report') throw new Error('the RTP worker did not report');
      const { sent, heard, digits, pcm, keysLeft } = answer;
      const packets = heard.map(({ type, ...packet }) => ({
        ...packet,
        payloadType: type,
        port: first.port,
      }));
      const quality = qualityOf(packets, 8_000);
      return {
        ...{ sent, received: heard.length, digits, pcm, keysLeft },
        lossPercent: quality?.lossPercent ?? null,
        jitterMs: quality?.jitterMs ?? null,
      };
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate();
    },
  };
}
