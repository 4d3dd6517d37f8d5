import { Client } from 'rtpengine-client';
import type { NgReply } from '../edge-node/media/ng-reply.ts';
import { type Leg, setting, startB2bua } from './b2bua.ts';

/*
 * The yardstick: the shortest B2BUA that drachtio-srf and rtpengine allow. createB2BUA, one offer, one answer, one delete;
 * no events, no decision, no record, no timers. What our edge costs is measured against this.
 */

const [ngHost, ngPort] = setting('RTPENGINE_NG').split(':');
const engine = new Client({ timeout: 1500, localAddress: '127.0.0.1' });
engine.on('error', () => undefined);
const ng = (command: 'offer' | 'answer' | 'delete', parameters: Record<string, unknown>): Promise<NgReply> =>
  engine[command](Number(ngPort), ngHost ?? '127.0.0.1', parameters) as Promise<NgReply>;
const shape = { replace: ['origin', 'session-connection'], ICE: 'remove' };

startB2bua(async (create, request, response) => {
  const id = { 'call-id': request.get('call-id'), 'from-tag': 'a' };
  try {
    const offer = await ng('offer', { ...id, ...shape, sdp: request.body });
    const { uas, uac } = await create(request, response, {
      localSdpB: offer.sdp ?? '',
      localSdpA: async (sdp) => (await ng('answer', { ...id, 'to-tag': 'b', ...shape, sdp })).sdp ?? '',
    });
    const end = (other: Leg) => () => {
      void other.destroy();
      void ng('delete', id);
    };
    /** Whatever one side wants to change, the other is asked. */
    const change = (leg: Leg, other: Leg, from: string, to: string) =>
      leg.on('modify', async (again, answer) => {
        const tags = { 'call-id': id['call-id'], 'from-tag': from, 'to-tag': to, ...shape };
        const offered = await ng('offer', { ...tags, sdp: again.body });
        const sdp = await other.modify(offered.sdp ?? '');
        const { sdp: body = '' } = await ng('answer', { ...tags, sdp });
        const headers = { Contact: leg.local.contact, 'Content-Type': 'application/sdp' };
        answer.send(200, { headers, body });
      });
    change(uas, uac, 'a', 'b');
    change(uac, uas, 'b', 'a');
    uas.on('destroy', end(uac));
    uac.on('destroy', end(uas));
  } catch {
    void ng('delete', id);
  }
});
