import type { Dialog } from './dialog.ts';

/** Every dialog, found in one look-up however it is asked for. */
export class DialogTable {
  /** by Call-ID and both tags: how the network names them (RFC 3261 §12) */
  readonly #byTags = new Map<string, Dialog>();
  /** by the id applications use. Forks of one INVITE share it: the confirmed one wins, before that the latest. */
  readonly #byId = new Map<string, Dialog>();
  /** confirmed ones, the latest of each Call-ID */
  readonly #byCallId = new Map<string, Dialog>();

  get size(): number {
    return this.#byTags.size;
  }

  add(dialog: Dialog): void {
    this.#byTags.set(key(dialog.callId, dialog.localTag, dialog.remoteTag), dialog);
    if (!this.#byId.get(dialog.id)?.confirmed) this.#byId.set(dialog.id, dialog);
  }

  confirm(dialog: Dialog): void {
    dialog.confirmed = true;
    this.#byTags.set(key(dialog.callId, dialog.localTag, dialog.remoteTag), dialog);
    this.#byId.set(dialog.id, dialog);
    this.#byCallId.set(dialog.callId, dialog);
  }

  remove(dialog: Dialog): void {
    dialog.unacknowledged?.stop();
    dialog.session?.stop();
    dialog.subscription?.stop();
    this.#byTags.delete(key(dialog.callId, dialog.localTag, dialog.remoteTag));
    if (this.#byId.get(dialog.id) === dialog) this.#byId.delete(dialog.id);
    if (this.#byCallId.get(dialog.callId) === dialog) this.#byCallId.delete(dialog.callId);
  }

  has(dialog: Dialog): boolean {
    return this.byTags(dialog.callId, dialog.localTag, dialog.remoteTag) === dialog;
  }

  byTags(callId: string, localTag: string, remoteTag: string): Dialog | undefined {
    return this.#byTags.get(key(callId, localTag, remoteTag));
  }

  byId(id: string): Dialog | undefined {
    return this.#byId.get(id);
  }

  byCallId(callId: string): Dialog | undefined {
    return this.#byCallId.get(callId);
  }

  all(): IterableIterator<Dialog> {
    return this.#byTags.values();
  }
}

const key = (callId: string, localTag: string, remoteTag: string): string =>
  `${callId}\n${localTag}\n${remoteTag}`;
