import { expect, test } from 'vitest';
import { parseUri } from '../../../../core/sip-uri.ts';
import { cutList, parseNameAddr, tagOf, untagged } from '../../../../local/sip/message/name-addr.ts';
import { parseMessage } from '../../../../local/sip/message/parse-message.ts';
import { SipMessage } from '../../../../local/sip/message/sip-message.ts';
import { requestFault } from '../../../../local/sip/message/validate-request.ts';
import { parseVia } from '../../../../local/sip/message/via.ts';
import { hammer } from './hammer.ts';
import { spoiledIsSurvived, validIsKept } from './properties.ts';

/* The same few cases each time, so that no change is refused by chance; `npm run fuzz` tries others for as long as asked. */
const seed = 3261;

test('what the grammar allows is read, and printed and read back the same', () =>
  validIsKept({ numRuns: 300, seed }));

test('whatever is done to it, a message is read or refused, never thrown at', () =>
  spoiledIsSurvived({ numRuns: 1_000, seed }));

test(`a server under 500 spoiled and odd messages answers an ordinary one after each 50 (seed ${seed})`, () =>
  hammer({ cases: 500, seed }));

// A million characters: where work grows with the square, it does not end within the test's patience.
test.each([' ', '\t', ';', '"', '<', ',', '"\\', '; ', 'a', ':', '\r\n ', ';a=', '(', '[', '@', '?', ' a'])(
  'a million of %j are read in one go, wherever they stand',
  (piece) => {
    const many = piece.repeat(1_000_000 / piece.length);
    for (const text of [
      many,
      `sip:${many}`,
      `<sip:a@b>${many}!`,
      `SIP/2.0/UDP a${many}!`,
      `SIP${many}/!`,
      `"${many}`,
    ]) {
      cutList(text);
      parseNameAddr(text);
      tagOf(text);
      untagged(text);
      parseUri(text);
      parseVia(text);
      for (const name of ['To', 'Via', 'CSeq', 'Contact', 'Content-Length', 'Date']) {
        const message = parseMessage(`OPTIONS sip:a@b SIP/2.0\r\n${name}: ${text}\r\n\r\n`);
        const some = message instanceof SipMessage ? message : message.message;
        if (some) expect([requestFault(some), some.via, some.cseq]).toHaveLength(3);
      }
      parseMessage(`OPTIONS ${text} SIP/2.0\r\n\r\n`);
    }
  },
);
