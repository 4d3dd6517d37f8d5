import type { TransferFailure } from '../../../core/transfer.ts';
import { readSipfrag } from '../../../core/transfer.ts';
import type { Call } from '../call.ts';
import type { Transferring } from './transferring.ts';

/** Longer than the ring time that was asked for, until nothing more is expected to be heard, ms. */
const GRACE_MS = 10_000;

/**
 * Asks the side that stays to call somebody by itself, and follows what it tells of that. Both sides are hung up once it
 * says that it has been answered; in any other case the call goes on.
 */
export async function referOut(
  call: Call,
  transfer: Transferring,
  { uri, ringSeconds }: { readonly uri: string; readonly ringSeconds: number },
): Promise<void> {
  const dialog = call[transfer.stays];
  if (!dialog) throw new Error('a call was transferred before it was answered');
  const fail = (detail: string, sipStatus: TransferFailure['sipStatus'] = null) =>
    transfer.hear({ failed: true, sipStatus, failedBy: 'referee', detail });
  let isAnswered = false;
  dialog.onNotify((sipfrag, state) => {
    if (transfer.isOver) return;
    const news = readSipfrag(sipfrag);
    if (news) transfer.hear({ ...news, from: 'target' });
    if (news && news.sipStatus >= 200 && news.sipStatus < 300) {
      isAnswered = true;
      void call.end({ reason: 'transferred', detail: `leg ${transfer.stays} calls ${uri}` });
    } else if (/^\s*terminated/i.test(state)) fail('it ended its reports without saying what came of it');
  });
  const silent = () => fail('it did not say what came of it');
  const stop = call.after(ringSeconds * 1000 + GRACE_MS, silent);
  const status = await dialog.refer({
    'Refer-To': `<${uri}>`,
    'Referred-By': `<sip:${call.id}@trunkline.invalid>`,
  });
  if (isAnswered || transfer.isOver) return stop();
  if (status === undefined || status >= 300) {
    stop();
    return fail(
      status === undefined ? 'it did not answer the REFER' : `it refused the REFER with ${status}`,
      status ?? null,
    );
  }
  transfer.hear({ sipStatus: 100, detail: `${status}`, from: 'referee' });
}
