import { expect, test } from 'vitest';
import { FakeInvite, type Stage, sdpOf, stage } from './stage.ts';

async function aTalk(offered = sdpOf()) {
  const on = stage();
  const alice = on.invite(new FakeInvite({ sdp: offered }));
  await on.settled();
  on.attempt(0).answers();
  await on.settled();
  return { on, alice };
}

/** Time goes by a second at a time, and whatever is waited for comes. */
async function pass(on: Stage, seconds: number) {
  for (let second = 0; second < seconds; second += 1) {
    on.clock.pass(1_000);
    await on.settled();
  }
}

const broken = ({ events }: Stage) =>
  events.flatMap((event) =>
    event.type === 'media.contract-broken' ? [[event.leg, event.promise, event.agreed, event.found]] : [],
  );

test('who sends what was agreed on breaks nothing', async () => {
  const { on } = await aTalk();
  await pass(on, 120);
  expect(broken(on)).toEqual([]);
});

test('who sends longer packets, or more and shorter ones, is told of once', async () => {
  const { on } = await aTalk();
  on.media.sends.a = { packets: 333, bytesEach: 240, codec: 'PCMU' };
  on.media.sends.b = { packets: 1_000, bytesEach: 80, codec: 'PCMU' };
  await pass(on, 60);
  expect(broken(on)).toEqual([
    ['a', 'ptime', '20 ms', '30 ms'],
    ['b', 'ptime', '20 ms', '10 ms'],
  ]);
});

test('who sends comfort noise in its pauses breaks nothing: smaller packets, but no more of them', async () => {
  const { on } = await aTalk();
  on.media.sends.a = { packets: 400, bytesEach: 90, codec: 'PCMU' };
  await pass(on, 60);
  expect(broken(on)).toEqual([]);
});

test('who sends a codec that nobody agreed on is told of', async () => {
  const { on } = await aTalk();
  on.media.sends.b = { packets: 500, bytesEach: 160, codec: 'G722' };
  await pass(on, 60);
  expect(broken(on)).toEqual([['b', 'codec', 'PCMU', 'G722']]);
});

test('who holds us and sends nothing breaks nothing; who promised to send nothing and sends is told of', async () => {
  const { on, alice } = await aTalk();
  const hold = `${sdpOf().replace('o=- 1 1', 'o=- 1 2')}a=inactive\r\n`;
  await alice.dialog.changes({ method: 'INVITE', sdp: hold });
  on.media.silent.add('b');
  await pass(on, 120);
  expect(broken(on)).toEqual([['a', 'direction', 'sends nothing', '500 packets']]);
});

test('what changes in the meantime is judged by what is agreed on then', async () => {
  const { on, alice } = await aTalk();
  await pass(on, 15);
  const longer = `${sdpOf().replace('o=- 1 1', 'o=- 1 2')}a=ptime:30\r\n`;
  await alice.dialog.changes({ method: 'INVITE', sdp: longer });
  on.media.sends.a = { packets: 333, bytesEach: 240, codec: 'PCMU' };
  await pass(on, 60);
  expect(broken(on)).toEqual([]);
});
