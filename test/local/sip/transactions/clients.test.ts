import { expect, test } from 'vitest';
import { after, inviteClient, onMovedClock, requestClient, response } from './machines.ts';

onMovedClock();

test('A and B: an INVITE is repeated with doubling pauses over UDP and given up after 32 seconds', () => {
  const { diary } = inviteClient();
  after(60);
  expect(diary.times('INVITE')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 15.5, 31.5]);
  expect(diary.entries.slice(-2)).toEqual(['32 timeout', '32 ended']);
});

test('over TCP an INVITE is sent once and given up after as long', () => {
  const { diary } = inviteClient(true);
  after(60);
  expect(diary.entries).toEqual(['0 INVITE', '32 timeout', '32 ended']);
});

test('a provisional response ends the repetitions and the wait', () => {
  const client = inviteClient();
  client.receive(response(180));
  after(600);
  expect(client.diary.entries).toEqual(['0 INVITE', '0 180']);
});

test('D: a refusal is acknowledged each time it comes, for 32 seconds over UDP, and told once', () => {
  const client = inviteClient();
  client.receive(response(486));
  after(10);
  client.receive(response(486));
  after(30);
  expect(client.diary.entries).toEqual(['0 INVITE', '0 ACK', '0 486', '10 ACK', '32 ended']);
  const overTcp = inviteClient(true);
  overTcp.receive(response(486));
  expect(overTcp.diary.entries.slice(-1)).toEqual(['40 ended']);
});

test('M: 2xx of further forks are told for 32 seconds', () => {
  const client = inviteClient();
  client.receive(response(200));
  after(31);
  client.receive(response(200));
  client.receive(response(486));
  after(60);
  client.receive(response(200));
  expect(client.diary.entries).toEqual(['0 INVITE', '0 200', '31 again 200', '32 ended']);
});

test('a CANCEL waits for a provisional response, and its INVITE for a final one no longer than B', () => {
  const client = inviteClient();
  client.cancel(() => client.diary.note('CANCEL'));
  after(1);
  client.receive(response(100));
  after(60);
  const others = client.diary.entries.filter((entry) => !entry.endsWith('INVITE'));
  expect(others).toEqual(['1 100', '1 CANCEL', '33 timeout', '33 ended']);
});

test('E and F: another request is repeated up to every 4 seconds and given up after 32', () => {
  const { diary } = requestClient();
  after(60);
  expect(diary.times('BYE')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
  expect(diary.entries.slice(-2)).toEqual(['32 timeout', '32 ended']);
});

test('E in proceeding: every 4 seconds, and a provisional response does not lengthen F', () => {
  const client = requestClient();
  client.receive(response(100));
  after(60);
  expect(client.diary.times('BYE')).toEqual([0, 0.5, 4.5, 8.5, 12.5, 16.5, 20.5, 24.5, 28.5]);
  expect(client.diary.times('timeout')).toEqual([32]);
});

test('K: a repeated final response is absorbed for 5 seconds over UDP, not at all over TCP', () => {
  const client = requestClient();
  client.receive(response(200));
  after(1);
  client.receive(response(200));
  after(60);
  expect(client.diary.entries).toEqual(['0 BYE', '0 200', '5 ended']);
  const overTcp = requestClient(true);
  overTcp.receive(response(200));
  expect(overTcp.diary.times('ended')).toHaveLength(1);
});

test('a peer that cannot be reached fails a client once, and not after its final response', () => {
  const invite = inviteClient();
  invite.transportError();
  invite.transportError();
  expect(invite.diary.entries).toEqual(['0 INVITE', '0 transport', '0 ended']);
  const other = requestClient();
  other.receive(response(200));
  other.transportError();
  expect(other.diary.times('transport')).toEqual([]);
});
