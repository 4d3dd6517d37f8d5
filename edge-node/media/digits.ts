import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import * as z from 'zod';
import type { Clock, SeenDigit } from '../ports.ts';
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
});

/** rtpengine may log one key twice; an identical line this soon after is the same key, not a second one. */
const DUPLICATE_WITHIN_MS = 40;

export interface DigitLog extends AsyncDisposable {
  readonly port: number;
}

/** Listens for every rtpengine's DTMF log, one JSON datagram per digit. What is not such a line is ignored. */
export async function listenForDigits(
  address: { readonly host: string; readonly port: number },
  clock: Clock,
  onDigit: (digit: SeenDigit) => void,
): Promise<DigitLog> {
  const socket = createSocket('udp4');
  const recent = new Map<string, number>();
  socket.on('message', (datagram) => {
    const line = datagram.toString('utf8');
    const at = clock.monotonic();
    // Oldest first: lines of other calls may come between the two.
    for (const [old, since] of recent) {
      if (at - since < DUPLICATE_WITHIN_MS) break;
      recent.delete(old);
    }
    const duplicate = recent.has(line);
    if (!duplicate) recent.set(line, at);
    const digit = duplicate ? undefined : parseDigit(line);
    if (digit) onDigit(digit);
  });
  socket.bind(address.port, address.host);
  await once(socket, 'listening');
  return {
    port: socket.address().port,
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

export function parseDigit(line: string): SeenDigit | undefined {
  const parsed = LogLine.safeParse(fromJson(line));
  if (!parsed.success) return undefined;
  const leg = legOfTag(parsed.data.source_tag);
  const digit = keys[parsed.data.event];
  if (!leg || !digit) return undefined;
  return { callId: parsed.data.callid, leg, digit, durationMs: parsed.data.duration };
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
