import type { CommandType } from '../../contracts/commands.ts';
import type { CommandRefusal } from '../../contracts/events/command.ts';

interface Asked {
  readonly type: CommandType;
  readonly [field: string]: unknown;
}

/** What an answered call has been told, what it is asked then, and what comes of it: of the edge and of the test kit alike. */
interface Case {
  readonly name: string;
  readonly before: readonly Asked[];
  readonly asked: Asked;
  readonly outcome: 'applied' | CommandRefusal;
}

const toHang: Asked = { type: 'call.transfer', to: { agent: 'desk' } };
const endless: Asked = { type: 'call.play', file: 'endless.wav', times: 0 };
const pin = { type: 'call.collect', totalMs: 30_000 } as const;

export const cases: readonly Case[] = [
  {
    name: 'a second transfer while one rings',
    before: [toHang],
    asked: { type: 'call.transfer', to: { agent: 'desk' } },
    outcome: 'wrong-state',
  },
  {
    name: 'a stop where nothing is played',
    before: [],
    asked: { type: 'call.stop' },
    outcome: 'wrong-state',
  },
  { name: 'a stop of what is played', before: [endless], asked: { type: 'call.stop' }, outcome: 'applied' },
  {
    name: 'a hold of a side that is on hold',
    before: [{ type: 'call.hold', leg: 'a' }],
    asked: { type: 'call.hold', leg: 'a' },
    outcome: 'wrong-state',
  },
  {
    name: 'a hold of the other side',
    before: [{ type: 'call.hold', leg: 'a' }],
    asked: { type: 'call.hold', leg: 'b' },
    outcome: 'applied',
  },
  {
    name: 'a resume of a side that is not on hold',
    before: [],
    asked: { type: 'call.resume', leg: 'a' },
    outcome: 'wrong-state',
  },
  {
    name: 'a resume of a side that is on hold',
    before: [{ type: 'call.hold', leg: 'b' }],
    asked: { type: 'call.resume', leg: 'b' },
    outcome: 'applied',
  },
  {
    name: 'a second collection from one side',
    before: [{ ...pin, leg: 'a' }],
    asked: { ...pin, leg: 'a' },
    outcome: 'wrong-state',
  },
  {
    name: 'a collection from the other side',
    before: [{ ...pin, leg: 'a' }],
    asked: { ...pin, leg: 'b' },
    outcome: 'applied',
  },
  {
    name: 'a rejection of a call that is answered',
    before: [],
    asked: { type: 'call.reject' },
    outcome: 'wrong-state',
  },
  {
    name: 'a change of media that names none',
    before: [],
    asked: { type: 'call.update-media', leg: 'a' },
    outcome: 'invalid',
  },
];
