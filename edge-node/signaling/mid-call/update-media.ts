import type { Codec } from '../../../contracts/config.ts';
import { type ApplyCommand, applied, refused } from '../apply-command.ts';
import { readSession } from '../sdp.ts';
import { allowedCodecs, codecsBetween } from '../steps/plan-codecs.ts';
import { askSide } from './ask-side.ts';
import { inExchange } from './in-exchange.ts';
import { type Joined, otherLeg } from './joined.ts';
import { negotiationOf } from './negotiation.ts';

/** Asks one side for other codecs or packets by a re-INVITE; what the other side uses is converted, where that is needed. */
export const updateMedia: ApplyCommand<'call.update-media'> = (call, { leg, codecs, ptime }) =>
  inExchange(call, async (joined) => {
    if (codecs === undefined && ptime === undefined) return refused('invalid', 'name codecs, ptime, or both');
    const allowed = allowedCodecs(call, leg);
    const excluded = codecs?.filter((codec) => !allowed.has(codec.toLowerCase())) ?? [];
    if (excluded.length > 0) {
      const message = `codecs: the policy of this call excludes ${excluded.join(', ')}; it has ${[...allowed].join(', ')}`;
      return refused('invalid', message);
    }
    const other = otherLeg(leg);
    const { remote } = joined.sides[other];
    const offered = readSession(remote)?.codecs ?? [];
    const asked = await askSide(call, joined, leg, {
      sdp: remote,
      codecs: codecs
        ? planOf(codecs, offered, joined.sides[other].codec)
        : codecsBetween(call, offered, other),
      ...(ptime === undefined ? {} : { ptime: { [leg]: ptime } }),
    });
    if ('why' in asked) return refused('failed', asked.why);
    call.takesDigits[leg] = asked.dtmf;
    tell(call, joined, leg);
    return applied;
  });

/** What the other side uses goes through where it is wanted, and is converted where it is not. */
function planOf(wanted: readonly Codec[], offered: readonly string[], used: string | null) {
  const lower = new Set<string>(wanted.map((name) => name.toLowerCase()));
  const isWanted = (name: string) => lower.has(name.toLowerCase());
  return used !== null && isWanted(used)
    ? { kept: offered.filter(isWanted), transcoded: [], add: [] }
    : { kept: [], transcoded: offered, add: wanted };
}

function tell(call: Parameters<typeof updateMedia>[0], { sides }: Joined, leg: 'a' | 'b'): void {
  const codecs = { a: sides.a.codec, b: sides.b.codec };
  const transcoded = codecs.a !== codecs.b;
  const negotiation = negotiationOf(call, otherLeg(leg));
  call.say('call.media-changed', {
    leg,
    cause: 'command',
    codecs,
    transcoded,
    relayed: false,
    ...negotiation,
  });
}
