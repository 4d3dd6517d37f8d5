import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type Answer, decode, encode } from 'dns-packet';

export interface DnsStandIn extends AsyncDisposable {
  /** `127.0.0.1:5353`, as the server takes it */
  readonly address: string;
  /** `SRV _sip._udp.lab.test`, in the order they were asked */
  readonly asked: string[];
  /** who answers now; more may be added while it runs */
  readonly records: Answer[];
}

export const a = (name: string, data = '127.0.0.1'): Answer => ({ type: 'A', name, data });

export const srv = (name: string, target: string, port: number, priority = 0, weight = 0): Answer => ({
  type: 'SRV',
  name,
  data: { target, port, priority, weight },
});

export const naptr = (name: string, services: string, replacement: string, order = 0): Answer => ({
  type: 'NAPTR',
  name,
  data: { flags: 's', services, replacement, order, preference: 0, regexp: '' },
});

/** A DNS server on loopback that knows these names and no others. */
export async function dnsStandIn(...records: Answer[]): Promise<DnsStandIn> {
  const asked: string[] = [];
  const socket = createSocket('udp4');
  socket.on('message', (data, from) => {
    const { id, questions = [] } = decode(data);
    const answers = questions.flatMap(({ type, name }) => {
      asked.push(`${type} ${name}`);
      return records.filter((record) => record.type === type && record.name === name);
    });
    const known = questions.some(({ name }) => records.some((record) => record.name === name));
    const flags = 0x0400 | (known ? 0 : 3); // authoritative; NXDOMAIN for a name nobody knows
    const reply = encode({ id: id ?? 0, type: 'response', flags, questions, answers });
    socket.send(reply, from.port, from.address, () => {});
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    records,
    [Symbol.asyncDispose]: () => new Promise<void>((done) => socket.close(() => done())),
  };
}
