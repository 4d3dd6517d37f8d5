/** Longest text of an SDP in an event, in characters. */
export const SDP_SHOWN = 4_096;

/** An SDP as it may be shown: without the keys of SRTP (RFC 4568 §6.1), of ICE (RFC 8839 §5.4) and of SDP itself (RFC 8866 §5.12). */
export const shownSdp = (sdp: string): string =>
  sdp
    .replace(/^(a=crypto:\S+ \S+ ).*$/gim, '$1…')
    .replace(/^(a=ice-pwd:).*$/gim, '$1…')
    .replace(/^k=.*$/gim, 'k=…')
    .replace(/\r\n/g, '\n')
    .slice(0, SDP_SHOWN);
