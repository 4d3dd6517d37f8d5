import { trunksOfSource } from '../../../core/identify-trunk.ts';
import { type Account, accountsOf } from '../auth/accounts.ts';
import { checkClaim } from '../auth/check-credentials.ts';
import type { SignalingContext } from '../context.ts';
import type { IncomingRegister, ResponseHeaders } from '../sip.ts';
import type { Registered } from './bindings.ts';
import { readContacts } from './contacts.ts';

/** A user of a trunk. */
interface UserAccount extends Account {
  readonly user: string;
}

const isUser = (account: Account): account is UserAccount => account.user !== undefined;

type Answer = readonly [status: number, headers?: ResponseHeaders];

/** A REGISTER from the door to its answer (RFC 3261 §10.3). A bug answers it with 500, and ends no process. */
export function onRegister(context: SignalingContext, request: IncomingRegister): void {
  answerTo(context, request)
    .then(([status, headers]) => request.answer(status, headers))
    .catch((error: unknown) => {
      context.logger.error({ err: error }, 'a REGISTER failed');
      request.answer(500);
    });
}

async function answerTo(context: SignalingContext, request: IncomingRegister): Promise<Answer> {
  const { source, authorization, uri, sipCallId, cseq } = request;
  const trunks = context.snapshot.current()?.config.trunks;
  if (!trunks) return [503];
  const bySource = trunksOfSource(source.address, trunks);
  // A trunk with addresses has its users there alone.
  const accounts = accountsOf(bySource, trunks).filter(isUser);
  if (accounts.length === 0) return [403];
  const claim = { authorization, method: 'REGISTER', uri, source: source.address };
  const checked = await checkClaim(claim, accounts, context);
  if (checked.kind === 'held-off') return [403];
  if (checked.kind === 'no-secret') {
    const seen = { address: source.address, detail: checked.detail };
    context.logger.error(seen, 'a user cannot be asked who it is');
    return [500];
  }
  if (checked.kind === 'challenge') {
    if (checked.failed)
      context.log.warn(
        'credentials',
        { address: source.address },
        'refused a REGISTER: its credentials are wrong',
      );
    return [401, { 'WWW-Authenticate': checked.challenges }];
  }
  const { trunk, user } = checked.account;
  // RFC 3261 §10.3 step 4: nobody is registered by somebody else.
  if (request.addressed?.number !== user) return [403];
  const contacts = readContacts(request.contact, request.expires);
  if (!contacts || cseq === undefined) return [400];
  return answerOf(context.bindings.register({ trunk, user, flow: source, sipCallId, cseq, contacts }));
}

function answerOf(registered: Registered): Answer {
  switch (registered.kind) {
    case 'too-brief':
      return [423, { 'Min-Expires': String(registered.minExpiresSeconds) }];
    case 'out-of-order':
      return [500];
    case 'too-many':
      return [403, { Warning: '399 trunkline "too many contacts of this user"' }];
    case 'done': {
      const contacts = registered.bindings.map(
        ({ contact, q, expiresSeconds }) =>
          `<${contact}>${q === 1 ? '' : `;q=${q}`};expires=${expiresSeconds}`,
      );
      return [200, contacts.length > 0 ? { Contact: contacts } : {}];
    }
  }
}
