import { describe, expect, test } from 'vitest';
import { embedded } from '../server-under-test.ts';
import { SipPeer } from '../sip-peer.ts';
import { connectApp, type SrfMessage } from '../srf-app.ts';
import { applicationMessages } from './application-messages.ts';
import { invalidMessages } from './invalid-messages.ts';
import { oddContents } from './odd-contents.ts';
import { oddlyWritten } from './oddly-written.ts';
import type { Reaction, TortureMessage } from './torture-message.ts';

/* RFC 4475 on the wire, a drachtio-srf application behind it. */

const all = [...oddlyWritten, ...oddContents, ...invalidMessages, ...applicationMessages];
const named = all.map((message) => [message.section, message.name, message] as const);

const ofTheApp = (reaction: Reaction) =>
  typeof reaction === 'object' && 'app' in reaction ? reaction : undefined;

/** What each message became: those the application was given, those that were answered. */
async function deliver(protocol: 'udp' | 'tcp', message: TortureMessage) {
  const { reaction } = message;
  const server = await embedded({ t1x64: 2_000 });
  const given: SrfMessage[] = [];
  const method = message.text.slice(0, message.text.indexOf(' '));
  const { answers = 480, with: headers = {} } = ofTheApp(reaction) ?? {};
  const app = await connectApp(server, (srf) => {
    const unknown = /^(!|RE%)/.test(method) ? [method.toLowerCase()] : [];
    for (const one of ['invite', 'register', 'message', ...unknown, 'newmethod'])
      srf.use(one, (request, response) => {
        given.push(request);
        response.send(answers, { headers });
      });
    srf.options((request, response) => {
      if (request.get('Call-ID').startsWith('call-')) response.send(200);
      else {
        given.push(request);
        response.send(answers, { headers });
      }
    });
  });
  const peer = await SipPeer[protocol](server.sipPort);
  const text = message.text.replace('{rport}', protocol === 'udp' ? ';rport' : '');
  peer.send(Buffer.from(text, 'latin1'));
  return {
    given,
    peer,
    server,
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

type Delivered = Awaited<ReturnType<typeof deliver>>;

/** A call of somebody else goes on: asked on a socket of its own. */
async function otherCallsGoOn({ server }: Delivered): Promise<void> {
  await using other = await SipPeer.udp(server.sipPort);
  other.send(other.request('OPTIONS', server.sipPort));
  await other.next(/ 200 /);
}

async function refused({ peer, given }: Delivered, status: number, says = /./): Promise<void> {
  const heard = await peer.next(/^SIP\/2\.0 (?!100)/);
  expect(heard.startLine).toMatch(new RegExp(`^SIP/2\\.0 ${status} `));
  expect(heard.startLine).toMatch(says);
  expect(given).toEqual([]);
}

async function took(delivered: Delivered, message: TortureMessage, expected = 1): Promise<void> {
  const { reaction } = message;
  if (reaction === 'dropped') {
    await otherCallsGoOn(delivered);
    expect([delivered.given, delivered.peer.heard]).toEqual([[], []]);
  } else if ('status' in reaction) await refused(delivered, reaction.status, reaction.says);
  else {
    const answer = await delivered.peer.next(/^SIP\/2\.0 (?!100)/);
    expect(answer.startLine).toMatch(new RegExp(`^SIP/2\\.0 ${reaction.answers ?? 480} `));
    await expect.poll(() => delivered.given.length).toBe(expected);
    const [given] = delivered.given;
    expect(given?.uri).toBe(message.text.split(' ')[1]);
    for (const [name, value] of Object.entries(reaction.app))
      expect(tight(given?.get(name))).toBe(tight(value));
    for (const [name, value] of Object.entries(reaction.with ?? {})) expect(answer.header(name)).toBe(value);
  }
}

/** White space around separators means nothing (RFC 3261 §7.3.1). */
const tight = (value: string | undefined) => value?.replace(/\s*([,;=])\s*/g, '$1');

describe('on UDP', () => {
  test.each(named)('%s %s', async (_section, _name, message) => {
    await using delivered = await deliver('udp', message);
    await took(delivered, message);
    await otherCallsGoOn(delivered);
  });
});

describe('on TCP', () => {
  test.each(named)('%s %s', async (_section, _name, message) => {
    await using delivered = await deliver('tcp', message);
    const { stream } = message;
    if (!stream) await took(delivered, message);
    else if (stream.leaves === 'another') await took(delivered, message, 2);
    else {
      if (stream.status) await refused(delivered, stream.status);
      await otherCallsGoOn(delivered);
      expect(delivered.given).toEqual([]);
      if (stream.leaves === 'closed')
        await expect.poll(() => delivered.server.stats?.().tcpConnections).toBe(0);
      else expect(delivered.server.stats?.().tcpConnections).toBe(1);
    }
    await otherCallsGoOn(delivered);
  });
});
