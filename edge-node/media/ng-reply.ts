/** What rtpengine answers over the ng protocol: those parts that we read. Names are rtpengine's own. */
export interface NgReply {
  readonly result: string;
  readonly 'error-reason'?: string;
  readonly warning?: string;
  readonly sdp?: string;
  /** Of a recording that is played, once, ms. */
  readonly duration?: number;
  readonly tags?: Readonly<Record<string, { readonly medias?: readonly NgMedia[] }>>;
  readonly SSRC?: Readonly<Record<string, NgSsrc>>;
}

interface NgMedia {
  /** With its clock rate: `PCMU/8000`. */
  readonly codec?: string;
  /** RTP first, then RTCP. */
  readonly streams?: readonly NgStream[];
}

/** What rtpengine receives at one of its ports. */
export interface NgStream {
  readonly 'local port'?: number;
  readonly SSRC?: number;
  /** When the last packet came, whole seconds since 1970. */
  readonly 'last packet'?: number;
  readonly stats?: { readonly packets?: number; readonly bytes?: number };
}

interface NgSsrc {
  /** MOS times ten, jitter in ms, packet loss in percent. */
  readonly 'average MOS'?: {
    readonly MOS?: number;
    readonly jitter?: number;
    readonly 'packet loss'?: number;
    readonly samples?: number;
  };
}
