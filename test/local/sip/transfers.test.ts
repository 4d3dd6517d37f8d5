import { expect, test } from 'vitest';
import { embedded, type ServerUnderTest, serverUnderTest } from './server-under-test.ts';
import { fresh, type Heard, SipPeer, sdp } from './sip-peer.ts';
import { connectApp, type SrfDialog } from './srf-app.ts';

/** A call of this peer to an app that answers at once, and its dialog there. */
async function answered(server: ServerUnderTest, caller: SipPeer, dialogs: SrfDialog[]) {
  const callId = fresh('call-');
  caller.send(caller.request('INVITE', server.sipPort, { callId, body: sdp() }));
  const to = (await caller.next(/ 200 /)).header('to');
  caller.send(caller.request('ACK', server.sipPort, { callId, to }));
  await expect.poll(() => dialogs.length).toBe(1);
  const [dialog] = dialogs;
  if (!dialog) throw new Error('no dialog');
  return { callId, to, dialog };
}

const isAnswer = (to: string, status: number) => (message: Heard) =>
  message.header('cseq') === to && message.startLine.startsWith(`SIP/2.0 ${status} `);

test('REFER with Replaces: the app accepts, calls the target in the name of the other call, and reports', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  await using carol = await SipPeer.udp(server.sipPort);
  const dialogs: SrfDialog[] = [];
  const replaces = 'abc@far.example;to-tag=t1;from-tag=f1';
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp() });
      dialog.on('refer', async (refer, reply) => {
        reply.send(202);
        const referTo = refer.get('refer-to').slice(1, -1);
        const [uri = '', asked = ''] = referTo.split('?');
        const headers = { Replaces: decodeURIComponent(asked.slice('Replaces='.length)) };
        await srf.createUAC(uri, { localSdp: sdp(), headers });
        await dialog.request({
          method: 'NOTIFY',
          headers: {
            Event: 'refer',
            'Subscription-State': 'terminated;reason=noresource',
            'Content-Type': 'message/sipfrag',
          },
          body: 'SIP/2.0 200 OK',
        });
      });
      dialogs.push(dialog);
    }),
  );
  const { callId, to } = await answered(server, caller, dialogs);
  const uri = `sip:carol@127.0.0.1:${carol.port}`;
  const headers = [`Refer-To: <${uri}?Replaces=${encodeURIComponent(replaces)}>`, 'Referred-By: <sip:a@b>'];
  caller.send(caller.request('REFER', server.sipPort, { callId, to, cseq: 2, headers }));
  await caller.until(isAnswer('2 REFER', 202));
  const invite = await carol.next(/^INVITE/);
  expect([invite.startLine, invite.header('replaces')]).toEqual([`INVITE ${uri} SIP/2.0`, replaces]);
  carol.reply(invite, '200 OK', { body: sdp() });
  await carol.next(/^ACK/);
  const notify = await caller.next(/^NOTIFY/);
  expect([notify.header('event'), notify.body]).toEqual(['refer', 'SIP/2.0 200 OK']);
  caller.reply(notify, '200 OK');
});

test('an INVITE with Replaces reaches the app with it, in a dialog of its own', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  const seen: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite((request, response) => {
      seen.push(request.get('replaces'));
      response.send(481);
    }),
  );
  const headers = ['Replaces: abc@far.example;to-tag=t1;from-tag=f1'];
  peer.send(peer.request('INVITE', server.sipPort, { headers, body: sdp() }));
  await peer.next(/ 481 /);
  expect(seen).toEqual(['abc@far.example;to-tag=t1;from-tag=f1']);
});

test('the app refers its caller: the REFER carries our Contact, and its NOTIFYs come back', async () => {
  await using server = await serverUnderTest();
  await using caller = await SipPeer.udp(server.sipPort);
  const dialogs: SrfDialog[] = [];
  const notified: string[] = [];
  await using _app = await connectApp(server, (srf) =>
    srf.invite(async (request, response) => {
      const dialog = await srf.createUAS(request, response, { localSdp: sdp() });
      dialog.on('notify', (notify, reply) => {
        notified.push(notify.body);
        reply.send(200);
      });
      dialogs.push(dialog);
    }),
  );
  const { callId, to, dialog } = await answered(server, caller, dialogs);
  const referring = dialog.request({
    method: 'REFER',
    headers: { 'Refer-To': '<sip:carol@far.example>', Contact: `<sip:127.0.0.1:${server.sipPort}>` },
  });
  const refer = await caller.next(/^REFER/);
  expect(refer.header('refer-to')).toBe('<sip:carol@far.example>');
  expect(refer.header('contact')).toContain(`127.0.0.1:${server.sipPort}`);
  caller.reply(refer, '202 Accepted');
  expect((await referring).status).toBe(202);
  const headers = ['Event: refer', 'Subscription-State: active', 'X-Of: 1'];
  caller.send(
    caller.request('NOTIFY', server.sipPort, { callId, to, cseq: 2, headers, body: 'SIP/2.0 180 Ringing' }),
  );
  await caller.until(isAnswer('2 NOTIFY', 200));
  expect(notified).toEqual(['SIP/2.0 180 Ringing']);
});

test('the app refers a peer it has no call with, and hears what becomes of it', async () => {
  await using server = await serverUnderTest();
  await using peer = await SipPeer.udp(server.sipPort);
  const notified: string[] = [];
  await using app = await connectApp(server, (srf) =>
    srf.use('notify', (notify, reply) => {
      notified.push(notify.get('subscription-state'));
      reply.send(200);
    }),
  );
  const headers = { 'Refer-To': '<sip:carol@far.example>', Contact: `<sip:app@127.0.0.1:${server.sipPort}>` };
  const answer = new Promise<number>((found) =>
    app.srf.request(`sip:bob@127.0.0.1:${peer.port}`, { method: 'REFER', headers }, (_error, request) =>
      request.on('response', ({ status }) => found(status)),
    ),
  );
  const refer = await peer.next(/^REFER/);
  expect(refer.header('refer-to')).toBe('<sip:carol@far.example>');
  peer.reply(refer, '202 Accepted');
  expect(await answer).toBe(202);
  for (const [cseq, state] of [
    [1, 'active;expires=60'],
    [2, 'terminated;reason=noresource'],
  ] as const) {
    const parts = {
      callId: refer.header('call-id'),
      fromTag: 'callee',
      to: refer.header('from'),
      uri: refer.header('contact').slice(1, -1),
      cseq,
      headers: ['Event: refer', `Subscription-State: ${state}`],
    };
    peer.send(peer.request('NOTIFY', server.sipPort, parts));
    await peer.until(isAnswer(`${cseq} NOTIFY`, 200));
  }
  expect(notified).toEqual(['active;expires=60', 'terminated;reason=noresource']);
  if (server.stats) expect(server.stats().dialogs).toBe(0);
});

// drachtio-server does not answer a REFER outside of a call
test('a peer refers the app without a call: the app accepts and reports in the dialog that began', async () => {
  await using server = await embedded();
  await using peer = await SipPeer.udp(server.sipPort);
  await using app = await connectApp(server, (srf) => srf.use('refer', (_request, reply) => reply.send(202)));
  const callId = fresh('call-');
  const headers = ['Refer-To: <sip:carol@far.example>'];
  peer.send(peer.request('REFER', server.sipPort, { callId, headers }));
  const answer = await peer.next(/ 202 /);
  expect(answer.header('contact')).toContain(`127.0.0.1:${server.sipPort}`);
  const options = {
    method: 'NOTIFY',
    stackDialogId: `${callId};from-tag=peer`,
    headers: { Event: 'refer', 'Subscription-State': 'terminated', 'Content-Type': 'message/sipfrag' },
    body: 'SIP/2.0 200 OK',
  };
  app.srf.request('sip:placeholder', options, () => {});
  const notify = await peer.next(/^NOTIFY/);
  expect([notify.header('to').includes('tag=peer'), notify.body]).toEqual([true, 'SIP/2.0 200 OK']);
  peer.reply(notify, '200 OK');
  await expect.poll(() => server.stats?.().dialogs).toBe(0);
});
