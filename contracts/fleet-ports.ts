/** Ports of the fleet, in one place: what security groups open and what machines listen on. */
export const ports = {
  sip: 5060,
  sipTls: 5061,
  /** Below the ports that Linux gives out by itself (32768 and up). A call takes four. */
  rtp: { from: 10_000, to: 29_999 },
  /** Orders of an edge to its rtpengines. */
  ng: 22_222,
  /** Of an rtpengine to its edge: digits (UDP) and calls that fell silent (TCP). */
  digits: 22_400,
  lostCalls: 22_500,
  /** Edges ask gateways for the audio of agents. The RTP of those has the ports above, one for a call. */
  gatewayHttp: 8_090,
  /** On loopback alone. */
  sipServerAdmin: 9_022,
  edgeHttp: 8_080,
  engineHttp: 22_225,
  engineControl: 9_900,
} as const;
