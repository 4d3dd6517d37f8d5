import type { ResponseHeaders } from '../sip.ts';

/** drachtio-srf has one text for each name: a header of each value is written with line breaks in it. */
export const onTheWire = (headers: ResponseHeaders): Record<string, string> =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? value : value.join(`\r\n${name}: `),
    ]),
  );
