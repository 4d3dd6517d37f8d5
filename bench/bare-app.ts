import { pathToFileURL } from 'node:url';
import { Client } from 'rtpengine-client';
import type { NgReply } from '../edge-node/media/ng-reply.ts';
import { createSrf, type SrfRequest, type SrfResponse } from '../edge-node/signaling/drachtio/srf.ts';

/**
 * The yardstick: the shortest B2BUA that drachtio-srf and rtpengine allow. createB2BUA, one offer, one answer, one delete;
 * no events, no decision, no record, no timers. What our edge costs is measured against this.
 */

interface B2bua {
  createB2BUA(
    request: SrfRequest,
    response: SrfResponse,
    uri: string,
    options: { localSdpB: string; localSdpA: (sdp: string, answer: SrfResponse) => Promise<string> },
  ): Promise<{ uas: BareDialog; uac: BareDialog }>;
}

interface BareDialog {
  on(event: 'destroy', then: () => void): void;
  destroy(): Promise<unknown>;
}

const setting = (name: string): string => {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
};

function start(): void {
  const [ngHost, ngPort] = setting('RTPENGINE_NG').split(':');
  const target = setting('BENCH_TARGET');
  const engine = new Client({ timeout: 1500, localAddress: '127.0.0.1' });
  engine.on('error', () => undefined);
  const ng = (
    command: 'offer' | 'answer' | 'delete',
    parameters: Record<string, unknown>,
  ): Promise<NgReply> =>
    engine[command](Number(ngPort), ngHost ?? '127.0.0.1', parameters) as Promise<NgReply>;
  const shape = { replace: ['origin', 'session-connection'], ICE: 'remove' };

  const srf = createSrf();
  srf.on('error', () => undefined);
  srf.invite(async (request, response) => {
    const id = { 'call-id': request.get('call-id'), 'from-tag': 'a' };
    try {
      const offer = await ng('offer', { ...id, ...shape, sdp: request.body });
      const { uas, uac } = await (srf as unknown as B2bua).createB2BUA(request, response, target, {
        localSdpB: offer.sdp ?? '',
        localSdpA: async (sdp) => (await ng('answer', { ...id, 'to-tag': 'b', ...shape, sdp })).sdp ?? '',
      });
      const end = (other: BareDialog) => () => {
        void other.destroy();
        void ng('delete', id);
      };
      uas.on('destroy', end(uac));
      uac.on('destroy', end(uas));
    } catch {
      void ng('delete', id);
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
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) start();
