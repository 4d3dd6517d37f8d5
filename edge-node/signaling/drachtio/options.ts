import type { SrfApp } from './srf.ts';

/** Status of the final response to an OPTIONS outside a dialog; undefined where none came in time. */
export function askOptions(
  srf: SrfApp,
  uri: string,
  timeoutMs: number,
  nextHop?: string,
): Promise<number | undefined> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(undefined), timeoutMs);
    const done = (status?: number) => {
      clearTimeout(late);
      resolve(status);
    };
    try {
      const options = { method: 'OPTIONS', ...(nextHop === undefined ? {} : { proxy: nextHop }) };
      srf.request(uri, options, (error, request) => {
        if (error || !request) return done();
        request.on('response', (response: { readonly status: number }) => {
          if (response.status >= 200) done(response.status);
        });
      });
    } catch {
      done();
    }
  });
}
