import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Peer, startPeer } from '../child-process.ts';
import { freePort, mediaPortRange } from '../free-ports.ts';

interface PortRange {
  readonly min: number;
  readonly max: number;
}

export interface RtpengineOptions {
  /** Where rtpengine tells digits (UDP) and lost calls (HTTP). */
  readonly dtmfPort: number;
  readonly b2bPort: number;
  /** RTP ports; by default two thousand that this process keeps for itself. A call takes four. */
  readonly ports?: PortRange;
  /** Its interfaces, as the option `--interface` has them; by default one on loopback. */
  readonly interfaces?: readonly string[];
  readonly logger?: Logger;
  /** A call without any RTP is dropped after this time, s. */
  readonly timeoutSeconds?: number;
}

export interface Rtpengine extends AsyncDisposable {
  readonly ng: { readonly host: string; readonly port: number };
  readonly recordingDir: string;
  readonly pid: number;
  /** Ends it as a crash would. */
  kill(): Promise<void>;
  /** Starts one that was killed anew, at the same addresses and with the same folder, as a supervisor does. */
  restart(): Promise<void>;
}

const host = '127.0.0.1';
const READY_MS = 5_000;
const ATTEMPTS = 3;

/** Starts the real rtpengine on loopback, in userspace, with a configuration of its own. */
export async function startRtpengine(options: RtpengineOptions): Promise<Rtpengine> {
  const recordingDir = await mkdtemp(join(tmpdir(), 'trunkline-rtp-'));
  const ports = options.ports ?? mediaPortRange();
  const words = (ngPort: number) => flags({ ...options, ports }, ngPort, recordingDir);
  try {
    // A port may be taken between our look and rtpengine's bind.
    for (let attempt = 1; ; attempt += 1) {
      const ng = { host, port: await freePort() };
      const start = () =>
        startPeer('rtpengine', words(ng.port), { ...loggerOf(options), package: 'rtpengine-daemon' });
      const peer = await start();
      if (await answersPing(ng, peer.ended)) return runningEngine(peer, start, ng, recordingDir);
      await peer[Symbol.asyncDispose]();
      if (attempt === ATTEMPTS) throw new Error(`rtpengine does not start; it said:\n${peer.tail()}`);
    }
  } catch (error) {
    await rm(recordingDir, { recursive: true, force: true });
    throw error;
  }
}

const loggerOf = ({ logger }: RtpengineOptions) => (logger ? { logger } : {});

function runningEngine(
  first: Peer,
  start: () => Promise<Peer>,
  ng: Rtpengine['ng'],
  recordingDir: string,
): Rtpengine {
  let peer = first;
  return {
    ng,
    recordingDir,
    get pid() {
      return peer.process.pid ?? 0;
    },
    async kill() {
      peer.process.kill('SIGKILL');
      await peer.ended;
    },
    async restart() {
      peer = await start();
      if (await answersPing(ng, peer.ended)) return;
      throw new Error(`rtpengine does not start again; it said:\n${peer.tail()}`);
    },
    async [Symbol.asyncDispose]() {
      await peer[Symbol.asyncDispose]();
      await rm(recordingDir, { recursive: true, force: true });
    },
  };
}

function flags(
  options: RtpengineOptions & { readonly ports: PortRange },
  ngPort: number,
  recordingDir: string,
): string[] {
  const { min, max } = options.ports;
  return [
    '--config-file=none',
    '--table=-1',
    '--foreground',
    '--log-stderr',
    '--log-level=5',
    ...(options.interfaces ?? [host]).map((each) => `--interface=${each}`),
    `--listen-ng=${host}:${ngPort}`,
    `--port-min=${min}`,
    `--port-max=${max}`,
    `--dtmf-log-dest=${host}:${options.dtmfPort}`,
    `--b2b-url=http://${host}:${options.b2bPort}/RPC2`,
    '--xmlrpc-format=1',
    `--recording-dir=${recordingDir}`,
    '--recording-method=pcap',
    `--timeout=${options.timeoutSeconds ?? 60}`,
    '--silent-timeout=3600',
    '--offer-timeout=180',
    '--delete-delay=0',
    '--num-threads=2',
  ];
}

/** The ng protocol: a cookie, a space, a bencoded dictionary. False: it has ended, or says nothing. */
function answersPing({ port }: Rtpengine['ng'], ended: Promise<unknown>): Promise<boolean> {
  const socket = createSocket('udp4');
  return new Promise<boolean>((resolve) => {
    const again = setInterval(() => socket.send('ready d7:command4:pinge', port, host), 50);
    const late = setTimeout(() => resolve(false), READY_MS);
    socket.once('message', () => resolve(true));
    socket.on('error', () => undefined);
    void ended.then(() => resolve(false));
    socket.once('close', () => {
      clearInterval(again);
      clearTimeout(late);
    });
  }).finally(() => socket.close());
}
