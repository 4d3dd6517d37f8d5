import { ulid } from 'ulid';
import { expect, test } from 'vitest';
import { AgentSessionRequest } from '../../contracts/agent-media/session.ts';
import { twilio } from '../../gateway/dialects/twilio.ts';

const request = AgentSessionRequest.parse({
  ...{ callId: ulid(), sdp: 'v=0', call: { from: '+15550199', to: '+15550100' } },
  agent: { url: 'wss://agent.example.com/', dialect: 'twilio' },
});

interface Said {
  readonly event: string;
  readonly streamSid: string;
  readonly start?: { readonly callSid: string };
  readonly media?: { readonly chunk: string; readonly timestamp: string };
}

/** One socket of the call. */
function aSocket(reconnected: boolean) {
  const said: Said[] = [];
  const played: Uint8Array[] = [];
  const play = (audio: Uint8Array) => {
    played.push(audio);
    return 'queued' as const;
  };
  const queued = () => 'queued' as const;
  const call = { play, mark: queued, clear() {}, press: queued, tell() {} };
  const send = (message: string | Uint8Array) => void said.push(JSON.parse(String(message)));
  const speaker = twilio(request).speak({ request, send, call, reconnected });
  speaker.begin();
  const start = said.find(({ event }) => event === 'start');
  return { said, played, speaker, streamSid: start?.streamSid ?? '', callSid: start?.start?.callSid };
}

test('each socket of a call carries a stream of its own, of the same call', () => {
  const [first, second] = [aSocket(false), aSocket(true)];
  expect(first.streamSid).toMatch(/^MZ[0-9a-f]{32}$/);
  expect(second.streamSid).not.toBe(first.streamSid);
  expect(second.callSid).toBe(first.callSid);
  const stale = JSON.stringify({ event: 'clear', streamSid: first.streamSid });
  expect(second.speaker.hear(Buffer.from(stale), false)).toMatchObject({ code: 'wrong-stream' });
});

test('the time of a stream begins with it, as its chunks do', () => {
  const { said, speaker } = aSocket(true);
  for (const timestampMs of [61_000, 61_020]) speaker.audio(new Uint8Array(160), timestampMs);
  const media = said.flatMap((each) => (each.media ? [[each.media.chunk, each.media.timestamp]] : []));
  expect(media).toEqual([
    ['1', '0'],
    ['2', '20'],
  ]);
});

test('the header of a WAV file is no audio, and is refused with what to send', () => {
  const { speaker, streamSid, played } = aSocket(false);
  const hear = (audio: Buffer) =>
    speaker.hear(
      Buffer.from(
        JSON.stringify({ event: 'media', streamSid, media: { payload: audio.toString('base64') } }),
      ),
      false,
    );
  const header = Buffer.from('RIFF\x24\x00\x00\x00WAVEfmt ', 'latin1');
  expect(hear(Buffer.concat([header, Buffer.alloc(160)]))).toEqual({
    code: 'not-audio',
    message: expect.stringContaining('mu-law samples alone'),
  });
  expect(hear(Buffer.from('RIFF, as mu-law may begin', 'latin1'))).toBeUndefined();
  expect(played).toHaveLength(1);
});
