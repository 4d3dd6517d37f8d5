import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startPeer } from '../../local/child-process.ts';
import { freePort, mediaPortRange } from '../../local/free-ports.ts';

export interface BaresipOptions {
  /** Hz of the tone that it says as long as a call lasts. */
  readonly says: number;
  /** How it encrypts media: `srtp-mand` offers and takes SRTP only, `dtls_srtp` agrees on keys by DTLS. */
  readonly encryption?: 'srtp-mand' | 'dtls_srtp';
  /** The only one it knows; default PCMU. */
  readonly codec?: 'PCMU' | 'opus';
  /** Its address of record, without `sip:`; default `agent` at where it listens. */
  readonly aor?: string;
  /** It registers with its outbound proxy again and again, s. Default: it does not. */
  readonly regint?: number;
  /** More parameters of its account. */
  readonly account?: string;
  /** PEM of certificate and key: it listens for TLS too. */
  readonly tls?: { readonly cert: string; readonly key: string };
}

/** A softphone that takes every call at once. */
export interface Baresip extends AsyncDisposable {
  readonly port: number;
  readonly tlsPort: number;
  command(name: string, params?: string): Promise<void>;
  /** What it heard of the call that is over, 8 kHz mono. */
  heard(): Promise<Int16Array>;
}

const host = '127.0.0.1';
const codecs = { PCMU: 'PCMU/8000/1', opus: 'opus/48000/2' } as const;
const run = promisify(execFile);

export async function startBaresip(options: BaresipOptions): Promise<Baresip> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-baresip-'));
  const [port, control] = [await freePort(), await freePort()];
  await writeFile(join(folder, 'config'), await configuration(folder, port, control, options));
  const encryption = options.encryption ? `;mediaenc=${options.encryption}` : '';
  const { aor = `agent@${host}:${port}`, regint = 0, codec = 'PCMU' } = options;
  const account = `<sip:${aor}>;regint=${regint};ptime=20;answermode=auto;audio_codecs=${codecs[codec]}`;
  await writeFile(join(folder, 'accounts'), `${account}${encryption}${options.account ?? ''}\n`);
  await writeFile(join(folder, 'contacts'), '');
  const peer = await startPeer('baresip', ['-f', folder], { package: 'baresip', cwd: folder });
  const stop = async () => {
    await peer[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  };
  let over = false;
  void peer.ended.then(() => {
    over = true;
  });
  while (!(await listens(control))) {
    if (!over) continue;
    await stop();
    throw new Error(`baresip does not start; it said:\n${peer.tail()}`);
  }
  return {
    port,
    tlsPort: port + 1,
    command: (name, params) => tell(control, name, params),
    heard: () => recorded(folder),
    [Symbol.asyncDispose]: stop,
  };
}

async function configuration(folder: string, port: number, control: number, { says, tls }: BaresipOptions) {
  const wav = ['-n', '-r', '8000', '-c', '1', '-b', '16', join(folder, 'says.wav')];
  await run('sox', [...wav, 'synth', '60', 'sine', String(says)]);
  const rtp = mediaPortRange(100);
  const certificate = join(folder, 'certificate.pem');
  if (tls) await writeFile(certificate, `${tls.cert}\n${tls.key}\n`, { mode: 0o600 });
  const modules = ['g711', 'opus', 'aufile', 'sndfile', 'srtp', 'dtls_srtp'];
  return [
    `sip_listen ${host}:${port}`,
    ...(tls ? [`sip_certificate ${certificate}`] : []),
    ...[`net_interface ${host}`, `rtp_ports ${rtp.min}-${rtp.max}`],
    ...[
      `audio_source aufile,${join(folder, 'says.wav')}`,
      `audio_player aufile,${join(folder, 'played.wav')}`,
    ],
    ...['ausrc_srate 8000', 'auplay_srate 8000', 'ausrc_channels 1', 'auplay_channels 1'],
    ...['module_path /usr/lib/baresip/modules', `snd_path ${folder}`],
    ...modules.map((name) => `module ${name}.so`),
    ...['module_tmp uuid.so', 'module_tmp account.so', 'module_app ctrl_tcp.so', 'module_app menu.so'],
    `ctrl_tcp_listen ${host}:${control}`,
    '',
  ].join('\n');
}

function listens(port: number): Promise<boolean> {
  const socket = connect(port, host);
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true));
    socket.once('error', () => setTimeout(() => resolve(false), 20));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

/** A netstring of JSON, as module ctrl_tcp takes it; its answer comes when the command is done. */
async function tell(control: number, command: string, params?: string): Promise<void> {
  const socket = connect(control, host);
  const text = JSON.stringify({ command, ...(params === undefined ? {} : { params }), token: command });
  socket.write(`${text.length}:${text},`);
  let heard = '';
  for (;;) {
    heard += String((await once(socket, 'data'))[0]);
    if (heard.includes(`"token":"${command}"`)) break;
  }
  socket.destroy();
  if (!/"ok":true/.test(heard)) throw new Error(`baresip does not ${command}: ${heard}`);
}

async function recorded(folder: string): Promise<Int16Array> {
  const file = (await readdir(folder)).find((name) => name.endsWith('-dec.wav'));
  if (!file) throw new Error('baresip recorded nothing: it had no call');
  const format = ['-t', 'raw', '-r', '8000', '-e', 'signed', '-b', '16', '-c', '1', '-'];
  // The length in its header is not written before the softphone ends.
  const { stdout } = await run('sox', ['--ignore-length', join(folder, file), ...format], {
    encoding: 'buffer',
    maxBuffer: 64 * 1024 * 1024,
  });
  return new Int16Array(stdout.buffer, stdout.byteOffset, stdout.byteLength / 2);
}
