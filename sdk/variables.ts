/** Environment of a customer's function: CallEventHandler sets what the runtime half of this package reads. */
export const handlerVariables = {
  bus: 'TRUNKLINE_BUS',
  callsTable: 'TRUNKLINE_CALLS_TABLE',
  handledTable: 'TRUNKLINE_HANDLED_TABLE',
} as const;

/** Keys of the table of events that were handled. */
export const handledKeys = { partition: 'id', ttl: 'expiration' } as const;
