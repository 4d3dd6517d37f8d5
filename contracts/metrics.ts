/** Metrics in CloudWatch that more than one part must know by name. */
export const metrics = {
  namespace: 'Trunkline',
  /** The prefix of the platform. */
  fleet: 'Fleet',
  edge: 'Edge',
  /** Calls that an edge carries; dimension Fleet, so that its average is that of the edges. */
  callsInProgress: 'CallsInProgress',
  /** Calls of agents that a gateway carries; dimension Fleet, so that its average is that of the gateways. */
  agentSessions: 'AgentSessions',
  /** 1 while an edge takes calls, 0 while it does not, nothing while it is gone; dimensions Fleet and Edge. */
  edgeReady: 'EdgeReady',
  /** Events that a function handled, but for routine outcomes; dimensions Fleet, Function and Outcome. */
  handlerOutcomes: 'HandlerOutcomes',
  function: 'Function',
  outcome: 'Outcome',
} as const;
