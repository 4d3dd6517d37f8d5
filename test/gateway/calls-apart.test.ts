import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Gateway, startGateway } from '../../gateway/gateway.ts';
import { readSettings } from '../../gateway/settings.ts';
import { tone, toneShare } from '../../local/phone/audio.ts';
import { type ASession, aSession } from './a-session.ts';
import { type AnAgent, anAgent } from './an-agent.ts';
import { anRtpPeer } from './media/an-rtp-peer.ts';

/* Two calls at one time, of one agent's server and in one thread: nothing of the one is ever seen by the other. */

const accountOf = (digit: string) => ({
  sid: `AC${digit.repeat(32)}`,
  authToken: `an-auth-token-of-account-number-${digit}`,
});

interface Side {
  readonly caller: Awaited<ReturnType<typeof anRtpPeer>>;
  readonly session: ASession;
  readonly socket: AnAgent['sockets'][number];
  readonly account: ReturnType<typeof accountOf>;
}

let gateway: Gateway;
let agent: AnAgent;
let callers: Side['caller'][];

beforeEach(async () => {
  const settings = readSettings({
    ...{ GATEWAY_THREADS: 1, GATEWAY_PRIVATE_AGENTS: 'allow', LOG_LEVEL: 'silent' },
  });
  gateway = await startGateway(settings, { logger: pino({ level: 'silent' }) });
  callers = [await anRtpPeer(), await anRtpPeer()];
});
afterEach(async () => {
  await gateway?.[Symbol.asyncDispose]();
  for (const part of [agent, ...callers]) await part?.[Symbol.asyncDispose]();
});

async function twoCalls(dialect: 'pcm' | 'twilio'): Promise<[Side, Side]> {
  agent = await anAgent(dialect === 'twilio' ? { protocol: null } : {});
  const side = async (index: 0 | 1): Promise<Side> => {
    const caller = callers[index];
    if (!caller) throw new Error('no caller');
    const account = accountOf(String(index + 1));
    const own = dialect === 'twilio' ? { account } : { rate: 8_000 };
    const session = await aSession(gateway.url, caller, { url: agent.url, dialect, reconnects: 0, ...own });
    await agent.until(() => (agent.sockets[index]?.said.length ?? 0) > (dialect === 'twilio' ? 1 : 0));
    const socket = agent.sockets[index];
    if (!socket) throw new Error('the agent was not called');
    return { caller, session, socket, account };
  };
  return [await side(0), await side(1)];
}

const startOf = ({ socket }: Side) =>
  socket.said.find(({ event }) => event === 'start') as { streamSid: string; start: { callSid: string } };

const say = ({ socket }: Side, message: object) => socket.connection.sendUTF(JSON.stringify(message));

const marksOf = ({ socket }: Side) =>
  socket.said.filter(({ event, type }) => event === 'mark' || type === 'mark').length;

/** Samples at 8 kHz of what the agent heard on a socket of `pcm`. */
const heardBy = ({ socket }: Side) => {
  const all = Buffer.concat(socket.binary);
  return Int16Array.from({ length: all.length >> 1 }, (_, at) => all.readInt16LE(2 * at));
};

const loud = (samples: Int16Array) => samples.filter((sample) => Math.abs(sample) > 200);

/** 280 ms of what was said, from its beginning. */
const said = (samples: Int16Array) => {
  const from = samples.findIndex((sample) => Math.abs(sample) > 1_000);
  return samples.subarray(from + 160, from + 2_400);
};

test('the audio of two calls stays with them, in both directions', async () => {
  const sides = await twoCalls('pcm');
  const spoken = [440, 1_200];
  const answered = [700, 1_900];
  for (const [index, side] of sides.entries()) {
    const audio = tone(spoken[index] ?? 0, 400);
    for (let at = 0; at < audio.length; at += 160)
      side.caller.speak(audio.subarray(at, at + 160), side.session.port);
    side.socket.connection.sendBytes(Buffer.from(tone(answered[index] ?? 0, 400).buffer));
  }
  for (const side of sides) {
    await agent.until(() => loud(heardBy(side)).length > 2_600);
    await side.caller.until(() => loud(side.caller.audio()).length > 2_600);
  }
  for (const [index, side] of sides.entries()) {
    const [here, there] = [index, 1 - index];
    for (const [heard, tones] of [
      [heardBy(side), spoken],
      [side.caller.audio(), answered],
    ] as const) {
      expect(toneShare(said(heard), tones[here] ?? 0)).toBeGreaterThan(0.95);
      expect(toneShare(heard, tones[there] ?? 0)).toBeLessThan(0.01);
    }
  }
});

describe('a message for the stream of another call', () => {
  test('plays nothing, and is told to who sent it', async () => {
    const [mine, other] = await twoCalls('twilio');
    const { streamSid } = startOf(other);
    const payload = Buffer.alloc(1_600, 0x10).toString('base64');
    say(mine, { event: 'media', streamSid, media: { payload } });
    expect(await mine.session.until('message-refused')).toMatchObject({ code: 'wrong-stream' });
    // Whatever it might have queued would be before this.
    say(other, { event: 'mark', streamSid, mark: { name: 'mine' } });
    await agent.until(() => marksOf(other) === 1);
    for (const { caller } of [mine, other])
      expect(caller.heard.filter(({ payload: bytes }) => bytes[0] === 0x10)).toEqual([]);
    expect(other.session.happened).toEqual([]);
  });

  test('clears nothing: what waits there is played to its end', async () => {
    const [mine, other] = await twoCalls('twilio');
    const { streamSid } = startOf(other);
    const payload = Buffer.alloc(8_000, 0x10).toString('base64');
    say(other, { event: 'media', streamSid, media: { payload } });
    say(other, { event: 'mark', streamSid, mark: { name: 'end' } });
    await other.caller.until(() => other.caller.heard.some(({ payload: bytes }) => bytes[0] === 0x10));
    say(mine, { event: 'clear', streamSid });
    expect(await mine.session.until('message-refused')).toMatchObject({ code: 'wrong-stream' });
    await agent.until(() => marksOf(other) === 1);
    const played = () => other.caller.heard.filter(({ payload: bytes }) => bytes[0] === 0x10).length;
    await expect.poll(played).toBe(50);
  });

  test('marks nothing: neither call hears of it', async () => {
    const [mine, other] = await twoCalls('twilio');
    say(mine, { event: 'mark', streamSid: startOf(other).streamSid, mark: { name: 'foreign' } });
    expect(await mine.session.until('message-refused')).toMatchObject({ code: 'wrong-stream' });
    for (const side of [mine, other]) {
      say(side, { event: 'mark', streamSid: startOf(side).streamSid, mark: { name: 'own' } });
      await agent.until(() => marksOf(side) === 1);
      expect(side.socket.said.filter(({ event }) => event === 'mark')).toMatchObject([
        { streamSid: startOf(side).streamSid, mark: { name: 'own' } },
      ]);
    }
  });
});

describe('over REST a call', () => {
  const end = (of: { sid: string }, callSid: string, as: { sid: string; authToken: string }) =>
    fetch(`${gateway.url}/2010-04-01/Accounts/${of.sid}/Calls/${callSid}.json`, {
      method: 'POST',
      headers: {
        Authorization: `Basic ${btoa(`${as.sid}:${as.authToken}`)}`,
        'Content-Type': 'application/x-www-form-urlencoded',
      },
      body: 'Status=completed',
    });

  test('is ended by its own account, and by no other in any mixture', async () => {
    const [mine, other] = await twoCalls('twilio');
    const theirs = startOf(other).start.callSid;
    const mixed = { sid: other.account.sid, authToken: mine.account.authToken };
    for (const [of, as] of [
      [mine.account, mine.account],
      [other.account, mine.account],
      [other.account, mixed],
      [mine.account, other.account],
    ] as const)
      expect((await end(of, theirs, as)).status).toBe(401);
    expect([mine.session.happened, other.session.happened]).toEqual([[], []]);
    expect((await end(other.account, theirs, other.account)).status).toBe(200);
    await other.session.until('hangup');
    expect(mine.session.happened).toEqual([]);
  });

  test('that is not there is answered as one of somebody else', async () => {
    const [mine, other] = await twoCalls('twilio');
    const told = async (callSid: string) => (await end(mine.account, callSid, mine.account)).text();
    expect(await told(`CA${'0'.repeat(32)}`)).toBe(await told(startOf(other).start.callSid));
  });
});

test.each(['pcm', 'twilio'] as const)(
  'a socket of %s that says more at once than is read is closed with 1009, and the other call notices nothing',
  async (dialect) => {
    const [mine, other] = await twoCalls(dialect);
    const closed = new Promise<number>((resolve) =>
      mine.socket.connection.once('close', (code) => resolve(code)),
    );
    const size = 2 * 1024 * 1024 + 2;
    if (dialect === 'pcm') mine.socket.connection.sendBytes(Buffer.alloc(size));
    else {
      const media = { payload: 'A'.repeat(size) };
      say(mine, { event: 'media', streamSid: startOf(mine).streamSid, media });
    }
    expect(await closed).toBe(1_009);
    expect(await mine.session.until('disconnected')).toMatchObject({
      reason: expect.stringMatching(/payload/i),
    });
    await mine.session.until('failed');
    const mark = { pcm: { type: 'mark', name: 'own' }, twilio: { event: 'mark', mark: { name: 'own' } } };
    const streamSid = dialect === 'twilio' ? { streamSid: startOf(other).streamSid } : {};
    say(other, { ...mark[dialect], ...streamSid });
    await agent.until(() => marksOf(other) === 1);
    other.caller.press(5, other.session.port);
    await other.session.until('digit-delivered');
    expect(other.session.happened.map(({ type }) => type)).toEqual(['digit-delivered']);
  },
);
