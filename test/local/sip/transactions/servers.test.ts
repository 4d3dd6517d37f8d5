import { expect, test } from 'vitest';
import { after, inviteServer, onMovedClock, requestServer } from './machines.ts';

onMovedClock();

test('G and H: a refusal of ours is repeated up to every 4 seconds until 32 have passed without an ACK', () => {
  const server = inviteServer();
  server.respond(486, '486');
  after(60);
  expect(server.diary.times('486')).toEqual([0, 0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]);
  expect(server.diary.times('ended')).toEqual([32]);
  const overTcp = inviteServer(true);
  overTcp.respond(486, '486');
  after(60);
  expect(overTcp.diary.times('486')).toHaveLength(1);
});

test('I: the ACK ends the repetitions, and further ACKs are absorbed for 5 seconds', () => {
  const server = inviteServer();
  server.respond(486, '486');
  after(1);
  server.receiveAck();
  after(1);
  server.receiveAck();
  server.receiveAgain();
  after(60);
  expect(server.diary.entries).toEqual(['0 486', '0.5 486', '6 ended']);
});

test('L: an accepted INVITE that comes again is absorbed for 32 seconds; its 2xx is ours to repeat', () => {
  const server = inviteServer();
  server.respond(200, '200');
  after(10);
  server.receiveAgain();
  server.respond(200, '200');
  server.respond(486, '486');
  after(60);
  expect(server.diary.entries).toEqual(['0 200', '10 200', '32 ended']);
});

test('an INVITE that comes again gets the last provisional response again', () => {
  const server = inviteServer();
  server.receiveAgain();
  server.respond(100, '100');
  server.respond(180, '180');
  server.receiveAgain();
  expect(server.diary.entries).toEqual(['0 100', '0 180', '0 180']);
});

test('J: another request that comes again gets its answer again for 32 seconds over UDP', () => {
  const server = requestServer();
  server.receiveAgain();
  after(1);
  server.respond(200, '200');
  after(31);
  server.receiveAgain();
  after(60);
  server.receiveAgain();
  expect(server.diary.entries).toEqual(['1 200', '32 200', '33 ended']);
  const overTcp = requestServer(true);
  overTcp.respond(200, '200');
  expect(overTcp.diary.times('ended')).toHaveLength(1);
});
