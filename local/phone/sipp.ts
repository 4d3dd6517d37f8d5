import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { type Peer, startPeer } from '../child-process.ts';
import { freePort, freePortPair } from '../free-ports.ts';

export interface SippOptions {
  readonly scenario: string;
  /** Where to call, `host:port`; undefined waits to be called. */
  readonly target?: string;
  readonly service?: string;
  readonly transport?: 'udp' | 'tcp';
  /** Address of ours; 127.0.0.1 without it. */
  readonly host?: string;
  /** SIP port of ours; 0 or undefined lets the system choose. */
  readonly port?: number;
  readonly calls?: number;
  /** More of sipp's own flags: rates and limits for loads. */
  readonly flags?: readonly string[];
  /** Pattern of the Call-ID, with sipp's %u, %p and %s. */
  readonly callId?: string;
  readonly logger?: Logger;
}

export interface Sipp extends AsyncDisposable {
  readonly port: number;
  /** 0: every call went as the scenario says. */
  readonly ended: Promise<number | null>;
  /** Lines of the scenario's own log. */
  notes(): Promise<readonly string[]>;
  /** Resolves with the first note that starts with `word`; rejects when sipp ends without one. */
  noted(word: string): Promise<string>;
  /** What went wrong, in sipp's words. */
  errors(): Promise<string>;
}

const host = '127.0.0.1';

/** Runs sipp on loopback, with a scenario and a working folder of its own. */
export async function startSipp(options: SippOptions): Promise<Sipp> {
  const folder = await mkdtemp(join(tmpdir(), 'trunkline-sipp-'));
  const file = join(folder, 'scenario.xml');
  await writeFile(file, options.scenario);
  const port = options.port || (await freePort());
  const parts = { ...(options.logger ? { logger: options.logger } : {}), package: 'sip-tester', cwd: folder };
  const peer = await startPeer('sipp', await flags(options, file, port, folder), parts);
  const read = (name: string) => readFile(join(folder, name), 'utf8').catch(() => '');
  const notes = async () => (await read('notes.log')).split('\n').filter(Boolean);

  return {
    port,
    ended: peer.ended,
    notes,
    errors: async () => `${await read('errors.log')}\n${peer.tail()}`.trim(),
    async noted(word) {
      let over = false;
      void peer.ended.then(() => {
        over = true;
      });
      for (;;) {
        const last = over;
        const found = (await notes()).find((line) => line.startsWith(word));
        if (found) return found;
        if (last) throw new Error(`sipp ended without "${word}": ${await read('errors.log')}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async [Symbol.asyncDispose]() {
      await stop(peer);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const stop = async (peer: Peer) => peer[Symbol.asyncDispose]();

async function flags(options: SippOptions, file: string, port: number, folder: string): Promise<string[]> {
  const control = await freePort();
  return [
    ...(options.target === undefined ? [] : [options.target]),
    ...['-sf', file, '-i', options.host ?? host, '-p', String(port)],
    // Without a control address of its own sipp opens port 8888 to the world.
    ...['-ci', host, '-cp', String(control), '-mp', String(await freePortPair())],
    ...(options.service === undefined ? [] : ['-s', options.service]),
    ...['-t', options.transport === 'tcp' ? 't1' : 'u1', '-nostdin'],
    ...(options.calls === undefined ? [] : ['-m', String(options.calls)]),
    ...(options.callId === undefined ? [] : ['-cid_str', options.callId]),
    ...[
      '-trace_logs',
      '-log_file',
      join(folder, 'notes.log'),
      '-trace_err',
      '-error_file',
      join(folder, 'errors.log'),
    ],
    ...(options.flags ?? []),
  ];
}
