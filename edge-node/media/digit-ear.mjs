import { createSocket } from 'node:dgram';
import { parentPort, workerData } from 'node:worker_threads';

/**
 * Hears rtpengine's DTMF log in a thread of its own: the edge may be busy for a while, and then neither may the socket run
 * over nor the moment be lost at which a line came, by which repeated lines are told from pressed keys.
 * Plain JavaScript, since a worker thread of Node 20 loads nothing else. Its messages are typed in digits.ts.
 */
const port = parentPort;
if (!port) throw new Error('runs in a worker thread only');
const { host, port: at, receiveBytes } = workerData;

const socket = createSocket({ type: 'udp4', recvBufferSize: receiveBytes });
socket.on('message', (datagram) =>
  port.postMessage({ line: datagram.toString('utf8'), at: performance.now() }),
);
socket.on('error', (error) => port.postMessage({ failed: error.message }));
socket.bind(at, host, () => port.postMessage({ port: socket.address().port }));
