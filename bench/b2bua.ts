import { createSrf, type SrfRequest, type SrfResponse } from '../edge-node/signaling/drachtio/srf.ts';

/* What the applications that are measured have in common: createB2BUA for each INVITE, and a server named by the environment. */

export interface Leg {
  on(event: 'destroy', then: () => void): void;
  on(event: 'modify', then: (request: SrfRequest, response: SrfResponse) => void): void;
  modify(sdp: string): Promise<string>;
  readonly local: { readonly contact: string };
  destroy(): Promise<unknown>;
}

interface B2bua {
  createB2BUA(
    request: SrfRequest,
    response: SrfResponse,
    uri: string,
    options: {
      localSdpB: string;
      localSdpA?: (sdp: string, answer: SrfResponse) => Promise<string>;
    },
  ): Promise<{ uas: Leg; uac: Leg }>;
}

export type CreateB2bua = (
  request: SrfRequest,
  response: SrfResponse,
  options: Parameters<B2bua['createB2BUA']>[3],
) => Promise<{ uas: Leg; uac: Leg }>;

export const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

/** Tells the parent process `ready` once INVITEs come to `onInvite`. */
export function startB2bua(
  onInvite: (create: CreateB2bua, request: SrfRequest, response: SrfResponse) => Promise<void>,
): void {
  const target = setting('BENCH_TARGET');
  const srf = createSrf();
  const create: CreateB2bua = (request, response, options) =>
    (srf as unknown as B2bua).createB2BUA(request, response, target, options);
  srf.on('error', () => undefined);
  srf.invite((request, response) => void onInvite(create, request, response));
  srf.once('connect', (error: Error | null) => {
    if (error) throw error;
    process.send?.('ready');
  });
  srf.connect({
    host: setting('DRACHTIO_HOST'),
    port: Number(setting('DRACHTIO_PORT')),
    secret: setting('DRACHTIO_SECRET'),
  });
}
