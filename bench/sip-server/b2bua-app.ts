import { createSrf, type SrfRequest, type SrfResponse } from '../../edge-node/signaling/drachtio/srf.ts';

/* The shortest B2BUA drachtio-srf allows, without media: every request that an INVITE begins passes the server twice. */

interface B2bua {
  createB2BUA(
    request: SrfRequest,
    response: SrfResponse,
    uri: string,
    options: { localSdpB: string },
  ): Promise<{ uas: Leg; uac: Leg }>;
}

interface Leg {
  on(event: 'destroy', then: () => void): void;
  destroy(): Promise<unknown>;
}

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

const target = setting('BENCH_TARGET');
const srf = createSrf();
srf.on('error', () => undefined);
srf.invite(async (request, response) => {
  try {
    const { uas, uac } = await (srf as unknown as B2bua).createB2BUA(request, response, target, {
      localSdpB: request.body ?? '',
    });
    uas.on('destroy', () => void uac.destroy().catch(() => {}));
    uac.on('destroy', () => void uas.destroy().catch(() => {}));
  } catch {
    // refused or canceled: createB2BUA has answered the caller
  }
});
srf.once('connect', (error: Error | null) => {
  if (error) throw error;
  process.send?.('ready');
});
srf.connect({
  host: setting('DRACHTIO_HOST'),
  port: Number(setting('DRACHTIO_PORT')),
  secret: setting('DRACHTIO_SECRET'),
});
