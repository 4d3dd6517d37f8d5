import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { traceOfCall } from '../../core/trace-of-call.ts';
import { traceparentOf } from '../../core/traceparent.ts';

const callId = '01KG9Z0000X3T7CFC7J2SPVFN2';
const own = traceparentOf(undefined, callId);
const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';

describe('the trace of a call', () => {
  test.each([
    ['of version 00 goes on', `00-${trace}-${parent}-01`, `00-${trace}-${parent}-01`],
    ['with spaces around it goes on', ` 00-${trace}-${parent}-00 `, `00-${trace}-${parent}-00`],
    ['loses flags that version 00 has not', `00-${trace}-${parent}-ff`, `00-${trace}-${parent}-01`],
    ['of a later version is read as 00 is', `cc-${trace}-${parent}-01-more`, `00-${trace}-${parent}-01`],
  ])('%s', (_, received, told) => {
    expect(traceparentOf(received, callId)).toBe(told);
  });

  test.each([
    ['nothing', ''],
    ['version ff', `ff-${trace}-${parent}-01`],
    ['version 00 with more behind it', `00-${trace}-${parent}-01-more`],
    ['no trace', `00-${'0'.repeat(32)}-${parent}-01`],
    ['no parent', `00-${trace}-${'0'.repeat(16)}-01`],
    ['capitals', `00-${trace.toUpperCase()}-${parent}-01`],
    ['two headers in one', `00-${trace}-${parent}-01, 00-${trace}-${parent}-01`],
  ])('is its own where the INVITE has %s', (_, received) => {
    expect(traceparentOf(received, callId)).toBe(own);
  });

  test('of its own is the one that X-Ray knows, the same on every edge', () => {
    expect(own).toMatch(/^00-([0-9a-f]{16})([0-9a-f]{16})-\2-01$/);
    const [, seconds = '', rest = ''] = /^Root=1-(.{8})-(.{24});/.exec(traceOfCall(callId, 1)) ?? [];
    expect(own.split('-')[1]).toBe(seconds + rest);
    expect(traceparentOf('nonsense', callId)).toBe(own);
    expect(traceparentOf(undefined, '01KG9Z0000X3T7CFC7J2SPVFN3')).not.toBe(own);
  });

  test('is one that the gateway takes, whatever a caller writes', () => {
    const { traceparent } = AgentSessionRequest.shape;
    fc.assert(
      fc.property(fc.string(), (received) => {
        expect(traceparent.parse(traceparentOf(received, callId))).toBe(own);
      }),
    );
  });
});
