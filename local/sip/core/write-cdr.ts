import { type Cdr, type CdrRole, cdrFrame } from '../app/cdr-frame.ts';
import type { SipMessage } from '../message/sip-message.ts';
import type { Engine } from './engine.ts';

/** Tell one of the applications that asked for such records; they take turns. */
export function writeCdr(engine: Engine, cdr: Cdr, message: SipMessage): void {
  engine.apps.next(`cdr:${cdr.event}`)?.send(cdrFrame(cdr, message.print()));
}

/** What the final response to an INVITE means for its call. */
export function cdrOfFinal(
  engine: Engine,
  source: 'network' | 'application',
  role: CdrRole,
  message: SipMessage,
): void {
  if (message.status < 300) writeCdr(engine, { event: 'start', source, role }, message);
  else {
    // drachtio-server calls what its own application refused rejected, whatever the status
    const canceled = message.status === 487 && role !== 'uas';
    writeCdr(
      engine,
      { event: 'stop', source, reason: canceled ? 'call-canceled' : 'call-rejected' },
      message,
    );
  }
}
