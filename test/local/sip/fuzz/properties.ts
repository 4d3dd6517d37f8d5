import fc from 'fast-check';
import { parseMessage } from '../../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../../local/sip/message/sip-message.ts';
import { requestFault, responseUsable } from '../../../../local/sip/message/validate-request.ts';
import { spoiledMessage, validMessage } from './messages.ts';

export interface Run {
  readonly numRuns: number;
  readonly seed: number;
}

/** Every message of the grammar is read, and what is printed of it is read back the same. */
export function validIsKept(run: Run): void {
  fc.assert(
    fc.property(validMessage, (text) => {
      const read = parseMessage(text);
      if (!(read instanceof SipMessage)) throw new Error(`refused: ${read.fault}`);
      const fault =
        read.status > 0 ? (responseUsable(read) ? undefined : 'unusable') : requestFault(read)?.reason;
      if (fault) throw new Error(`refused: ${fault}`);
      sameAgain(read);
    }),
    run,
  );
}

/** Whatever comes is read or refused, never thrown at; what is read is printed and read back the same. */
export function spoiledIsSurvived(run: Run): void {
  fc.assert(
    fc.property(spoiledMessage, (text) => {
      const read = parseMessage(text);
      const some = read instanceof SipMessage ? read : read.message;
      if (!some) return;
      requestFault(some);
      responseUsable(some);
      if (read instanceof SipMessage && some.reason !== 'SIP version') sameAgain(read);
    }),
    run,
  );
}

function sameAgain(message: SipMessage): void {
  const printed = message.print();
  const again = parseMessage(printed);
  if (!(again instanceof SipMessage)) throw new Error(`its print is refused: ${again.fault}`);
  if (again.print() !== printed) throw new Error('its print is read as something else');
}
