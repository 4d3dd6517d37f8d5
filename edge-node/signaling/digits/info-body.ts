import { Digit } from '../../../contracts/events/dtmf.ts';
import type { InfoType } from '../../../core/digit-way.ts';

/** A key as INFO says it. */
export interface InfoDigit {
  readonly type: InfoType;
  readonly digit: string;
  readonly durationMs: number;
}

/** Where INFO says nothing of it, ms. */
const USUAL_MS = 100;

/** RFC 4733 §3.2: some say the code of the event instead of the key. */
const codes = ['*', '#', 'A', 'B', 'C', 'D'];

/**
 * The key in the body of an INFO: `Signal=5` and `Duration=160`, one a line, as application/dtmf-relay; the key alone, or
 * the same lines, as application/dtmf. `unreadable`: of these types, and no key. Undefined: of another type.
 */
export function readInfo(contentType: string, body: string): InfoDigit | 'unreadable' | undefined {
  const type = /^application\/dtmf(-relay)?(?=\s*(;|$))/i.exec(contentType.trim())?.[0].toLowerCase() as
    | InfoType
    | undefined;
  if (!type) return undefined;
  const signal = /^[ \t]*Signal[ \t]*=[ \t]*(\S{1,2})[ \t]*\r?$/im.exec(body)?.[1];
  const alone = type === 'application/dtmf' ? /^\s*(\S{1,2})\s*$/.exec(body)?.[1] : undefined;
  const key = Digit.safeParse(keyOf(signal ?? alone));
  if (!key.success) return 'unreadable';
  const duration = Number(/^[ \t]*Duration[ \t]*=[ \t]*(\d{1,5})[ \t]*\r?$/im.exec(body)?.[1] ?? USUAL_MS);
  return { type, digit: key.data, durationMs: duration };
}

const keyOf = (signal: string | undefined) => {
  if (signal === undefined || !/^1[0-5]$/.test(signal)) return signal?.toUpperCase();
  return codes[Number(signal) - 10];
};

export const writeInfo = (type: InfoType, digit: string, durationMs: number): string =>
  type === 'application/dtmf' ? digit : `Signal=${digit}\r\nDuration=${durationMs}\r\n`;
