import type { ApplyCommand } from '../apply-command.ts';
import { applied, refused } from '../apply-command.ts';
import type { Call } from '../call.ts';
import { type EncryptJson, encryptFor } from './encrypt-for.ts';

/** Starts a collection; a secret one only when the other side hears no digit any more and there is a key to encrypt for. */
export const collect: ApplyCommand<'call.collect'> = async (call, command) => {
  const { leg, secret, key } = command;
  const { digits } = call;
  const side = digits.side(leg);
  if (!side) return refused('wrong-state', 'the call is not answered: collect digits once it is');
  if (digits.collections.isRunning(leg))
    return refused('wrong-state', `a collection from leg ${leg} runs already: wait for its dtmf.collected`);
  if (!secret) {
    digits.collections.begin(command, undefined);
    return applied;
  }
  if (side.takes === 'in-band') {
    const why = `leg ${leg} sends its digits as tones, and the other side would hear how they begin`;
    return refused('not-supported', `${why}: a secret takes rfc4733 or info`);
  }
  const encrypt = await encryptorOf(call, key);
  if (typeof encrypt === 'string') return refused('invalid', encrypt);
  await digits.gate.close(leg);
  digits.collections.begin(command, encrypt);
  return applied;
};

/** What is wrong, where there is none. */
async function encryptorOf({ context }: Call, name: string | undefined): Promise<EncryptJson | string> {
  const { keys = {} } = context.snapshot.current()?.config ?? {};
  const key = name !== undefined && Object.hasOwn(keys, name) ? keys[name] : undefined;
  if (!key)
    return `key: "${name}" is no key of the configuration; keys are: ${Object.keys(keys).join(', ') || 'none'}`;
  try {
    return await encryptFor(key);
  } catch {
    return `key: "${name}" of the configuration is no usable ${key.kty} key`;
  }
}
