import { Codec } from '../../../contracts/config/codecs.ts';
import { Silence } from '../../../contracts/config/silence.ts';
import { Ulid } from '../../../contracts/envelope.ts';
import type { AppliedDecision } from '../../ports.ts';
import type { Call } from '../call.ts';
import { passOf } from '../registrar/handover.ts';
import type { Step } from './step.ts';

/**
 * Another edge sends a call of its own on to a user who is registered here, because only this edge has the way to it. It
 * knows the pass from the table of registrations, which nobody else reads.
 */
export const takeHandover: Step = (call) => {
  const pass = passOf(call.invite);
  if (pass === undefined) return undefined;
  const binding = call.context.bindings.byPass(pass);
  if (!binding) return { reason: 'target-unavailable', sipStatus: 480 };
  const { data: continues } = Ulid.safeParse(call.invite.headers['x-trunkline-call-id']);
  call.handover = { binding, ...(continues === undefined ? {} : { continues }) };
  call.trunk = binding.trunk;
  return undefined;
};

/** The other edge has chosen codecs and times, and will end the call when its own ends. */
export function handedOver({ context, handover }: Call): AppliedDecision | undefined {
  if (!handover) return undefined;
  const { trunk, user } = handover.binding;
  const { version = 0, config } = context.snapshot.current() ?? {};
  const uri = `sip:${user}@${config?.trunks[trunk]?.registrar?.realm ?? 'localhost'}`;
  return {
    ...{ source: 'handover', waitMs: 0, configVersion: version },
    route: {
      action: 'connect',
      targets: [{ id: user, uri, priority: 1, weight: 1, trunk, user }],
      codecs: { keep: [...Codec.options], transcode: [] },
      ...{ ringSeconds: 300, maxDurationSeconds: 86_400, quality: 'rtcp', qualityEverySeconds: 60 },
      // The other edge hears the same silence, and knows what is to be done.
      silence: Silence.parse({ action: 'report' }),
    },
  };
}
