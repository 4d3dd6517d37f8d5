import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** Ids of the calls that rtpengine holds, asked with `list` of its ng protocol: a cookie, a space, bencode. */
export async function callsInRtpengine(ng: {
  readonly host: string;
  readonly port: number;
}): Promise<string[]> {
  const socket = createSocket('udp4');
  try {
    const answered = once(socket, 'message', { signal: AbortSignal.timeout(20_000) });
    // rtpengine answers a cookie that it has seen with what it said then.
    socket.send(`${process.hrtime.bigint()} d7:command4:list5:limiti100ee`, ng.port, ng.host);
    const [reply] = (await answered) as [Buffer];
    const list = /5:callsl((?:\d+:[^:]*?)*)e6:result2:ok/.exec(reply.toString('latin1'));
    if (!list) throw new Error(`rtpengine answers ${reply}`);
    // Ids are ULIDs: 26 characters.
    return [...(list[1] ?? '').matchAll(/26:(.{26})/g)].map(([, id]) => id ?? '');
  } finally {
    socket.close();
  }
}
