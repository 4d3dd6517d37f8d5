import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import * as z from 'zod';
import type { SeenDigit } from '../ports.ts';
import { createRepeatedLines } from './repeated-lines.ts';
import { legOfTag } from './totals.ts';

/** RFC 4733 §3.2, event codes 0 to 15. */
const keys = '0123456789*#ABCD';

/** One line of rtpengine's `--dtmf-log-dest`, sent when a key is released. */
const LogLine = z.object({
  callid: z.string().max(64),
  source_tag: z.string().max(64),
  type: z.literal('DTMF'),
  timestamp: z.int(),
  event: z.int().min(0).max(15),
  duration: z.int().nonnegative(),
  volume: z.int(),
});
type LogLine = z.infer<typeof LogLine>;

type FromEar =
  | { readonly line: string; readonly at: number }
  | { readonly port: number }
  | { readonly failed: string };

/** Room for lines that wait in the kernel, bytes; it counts some 800 for each. It gives no more than net.core.rmem_max. */
const RECEIVE_BYTES = 4 * 1024 * 1024;

export interface DigitLog extends AsyncDisposable {
  readonly port: number;
  /** Datagrams that the kernel had no room for; undefined where it does not say. */
  lost(): Promise<number | undefined>;
}

/** Listens for every rtpengine's DTMF log, one JSON datagram per digit. What is not such a line is ignored. */
export async function listenForDigits(
  { host, port }: { readonly host: string; readonly port: number },
  onDigit: (digit: SeenDigit) => void,
): Promise<DigitLog> {
  const workerData = { host, port, receiveBytes: RECEIVE_BYTES };
  const ear = new Worker(new URL('./digit-ear.mjs', import.meta.url), { workerData, execArgv: [] });
  const [first] = (await once(ear, 'message')) as [FromEar];
  if (!('port' in first)) {
    await ear.terminate();
    throw new Error(`the DTMF log cannot be heard: ${'failed' in first ? first.failed : 'no port'}`);
  }
  const isRepeated = createRepeatedLines();
  ear.on('message', (heard: FromEar) => {
    const line = 'line' in heard ? parseLine(heard.line) : undefined;
    if (!line || !('at' in heard) || isRepeated(line, heard.at)) return;
    const digit = digitOf(line);
    if (digit) onDigit(digit);
  });
  return {
    port: first.port,
    lost: () => droppedAt(first.port),
    async [Symbol.asyncDispose]() {
      await ear.terminate();
    },
  };
}

/** The key of a line, or undefined where it is no such line. */
export function parseDigit(line: string): SeenDigit | undefined {
  const parsed = parseLine(line);
  return parsed && digitOf(parsed);
}

function digitOf({ callid, source_tag, event, duration }: LogLine): SeenDigit | undefined {
  const leg = legOfTag(source_tag);
  const digit = keys[event];
  return leg && digit ? { callId: callid, leg, digit, durationMs: duration } : undefined;
}

function parseLine(line: string): LogLine | undefined {
  try {
    return LogLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Linux: the last column of the socket's row in /proc/net/udp (Documentation/networking/proc_net_udp). */
async function droppedAt(port: number): Promise<number | undefined> {
  const table = await readFile('/proc/net/udp', 'utf8').catch(() => '');
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const row = table
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .find((fields) => fields[1]?.endsWith(local));
  const drops = Number(row?.at(-1));
  return row && Number.isInteger(drops) ? drops : undefined;
}
