/** Of the invocation that runs, as X-Amzn-Trace-Id writes it: Lambda sets it anew for each. */
export const currentTrace = (): string | undefined => process.env['_X_AMZN_TRACE_ID'];
