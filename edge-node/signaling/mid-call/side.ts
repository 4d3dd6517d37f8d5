import { readSdp } from '../sdp.ts';

/** What was said last between us and one side of an answered call, in both directions. */
export class Side {
  #remote: string;
  #local: string;

  constructor(remote: string, local: string) {
    this.#remote = remote;
    this.#local = local;
  }

  /** SDP of the other side. */
  get remote(): string {
    return this.#remote;
  }

  /** Ours to it. */
  get local(): string {
    return this.#local;
  }

  /**
   * `sdp` as it goes to this side: our session stays the one that it was (RFC 3264 §8), with a version that is higher only
   * where anything else differs.
   */
  telling(sdp: string): string {
    const [user = '-', id = '0', version = '0'] = originOf(this.#local);
    if (withoutOrigin(sdp) === withoutOrigin(this.#local)) return this.#local;
    const next = (BigInt(/^\d+$/.test(version) ? version : '0') + 1n).toString();
    return sdp.replace(/^o=\S+ \S+ \S+ (.*)$/m, (_, address: string) => `o=${user} ${id} ${next} ${address}`);
  }

  /** What is spoken: the first codec of the answer, which names no more than the offer did. */
  get codec(): string | null {
    const [ours = [], theirs = []] = [this.#local, this.#remote].map((sdp) => readSdp(sdp)?.codecs);
    const [answer, offer] = ours.length <= theirs.length ? [ours, theirs] : [theirs, ours];
    const offered = new Set(offer.map((name) => name.toLowerCase()));
    return answer.find((name) => offered.has(name.toLowerCase())) ?? answer[0] ?? null;
  }

  /** Both have agreed. */
  agree(remote: string, local: string): void {
    this.#remote = remote;
    this.#local = local;
  }
}

const originOf = (sdp: string): readonly string[] => /^o=(\S+) (\S+) (\S+)/m.exec(sdp)?.slice(1) ?? [];
const withoutOrigin = (sdp: string) => sdp.replace(/^o=.*$/m, '');
