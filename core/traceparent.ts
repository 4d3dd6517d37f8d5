import { traceIdOfCall } from './trace-of-call.ts';

/**
 * The `traceparent` (W3C Trace Context §3.2) that an agent is told of a call. One that came with the call is said anew from its
 * parts, so nothing else of what a caller writes goes on; undefined or unreadable, the trace is the call's own.
 */
export const traceparentOf = (received: string | undefined, callId: string): string =>
  readTraceparent(received) ?? ownTrace(callId);

/** A later version may have more behind the four parts that version 00 has; of the flags, only those it knows go on. */
function readTraceparent(received = ''): string | undefined {
  const parts = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/.exec(received.trim());
  if (!parts) return undefined;
  const [, version = '', trace = '', parent = '', flags = '', more] = parts;
  const isInvalid = version === 'ff' || /^0+$/.test(trace) || /^0+$/.test(parent);
  if (isInvalid || (version === '00' && more !== undefined)) return undefined;
  return `00-${trace}-${parent}-0${Number.parseInt(flags, 16) & SAMPLED}`;
}

const SAMPLED = 1;

/** Whoever knows the call knows its trace, which is the one of the platform's functions, too. Its last 64 bits are random. */
function ownTrace(callId: string): string {
  const trace = traceIdOfCall(callId);
  return `00-${trace}-${trace.slice(16)}-0${SAMPLED}`;
}
