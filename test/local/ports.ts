import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

const host = '127.0.0.1';

const udpIsFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind(port, host, () => socket.close(() => resolve(true)));
  });

const tcpIsFree = (port: number) =>
  new Promise<boolean>((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });

/** Nobody listens there. A process that ended has left its ports, whether or not somebody has asked for its status. */
export const isFree = async (port: number): Promise<boolean> =>
  (await udpIsFree(port)) && (await tcpIsFree(port));
