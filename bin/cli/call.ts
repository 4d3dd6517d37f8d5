import { type Command, InvalidArgumentError } from 'commander';
import { audioFile, loudness, speech } from '../../local/phone/audio.ts';
import { placeCall } from '../../local/phone/phones.ts';
import { Failure } from './failure.ts';
import { needRunning } from './running.ts';

interface Options {
  readonly from: string;
  readonly digits?: string;
  readonly digitsAfter: number;
  readonly seconds: number;
  readonly audio?: string;
  readonly via?: string;
  readonly source?: string;
  readonly json?: boolean;
}

const SENTENCE = 'Hello. This is a test call through Trunkline. Can you hear me well?';

export function addCall(trunkline: Command): void {
  trunkline
    .command('call <number>')
    .description('place a test call with audio and digits, as a carrier would')
    .option('--from <number>', 'calling number', '+15550199')
    .option('--digits <keys>', 'keys to press: 0-9 * # A-D', digitsOf)
    .option('--digits-after <s>', 'seconds from the answer to the first key', secondsOf, 0.3)
    .option('--seconds <n>', 'how long to talk', secondsOf, 5)
    .option('--audio <file>', 'what to say: any file that sox reads; without it a spoken sentence')
    .option(
      '--source <address>',
      'address of this machine to call from: it tells the trunk; 127.0.0.1 without it',
    )
    .option('--via <host:port>', 'the edge; without it the platform that runs in this folder')
    .option('--json', 'machine-readable report')
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx trunkline call +15550100 --digits 12#\n  $ npx trunkline call +15550100 --digits 1 --digits-after 3 --seconds 8',
    )
    .action(call);
}

function digitsOf(text: string): string {
  if (/^[0-9*#A-D]{1,32}$/.test(text)) return text;
  throw new InvalidArgumentError('must be up to 32 of 0-9 * # A-D');
}

function secondsOf(text: string): number {
  const seconds = Number(text);
  if (seconds > 0 && seconds <= 600) return seconds;
  throw new InvalidArgumentError('must be a number of seconds above 0, 600 at most');
}

async function call(number: string, options: Options): Promise<void> {
  const [, host, port] = /^(.+):(\d+)$/.exec(options.via ?? '') ?? [];
  const via = host && port ? { host, port: Number(port) } : (await needRunning()).sip;
  const audio = options.audio === undefined ? await speech(SENTENCE) : await audioFile(options.audio);
  process.stderr.write(`calling ${number} at ${via.host}:${via.port} …\n`);
  const { ok, errors, rtp } = await placeCall({
    ...{ to: number, via, audio, talkMs: options.seconds * 1000, script: { from: options.from } },
    ...(options.digits === undefined
      ? {}
      : { digits: options.digits, digitsAfterMs: options.digitsAfter * 1000 }),
    ...(options.source === undefined ? {} : { source: options.source }),
  });
  const { pcm, keysLeft: _keysLeft, ...counts } = rtp;
  const report = { number, ok, ...counts, loudness: Math.round(loudness(pcm) * 1000) / 1000 };
  if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  else if (ok) {
    process.stdout.write(
      `answered, and ended as planned: ${rtp.sent} packets sent, ${rtp.received} heard, loss ${rtp.lossPercent ?? 'n/a'} %, jitter ${rtp.jitterMs ?? 'n/a'} ms, keys heard back: ${rtp.digits || 'none'}\n`,
    );
  }
  if (!ok) throw new Failure(`the call to ${number} did not go as planned: ${whatHappened(errors)}`);
}

/** sipp tells what came instead of what it waited for. */
function whatHappened(errors: string): string {
  const response = /received 'SIP\/2\.0 (\d{3} [^\r\n']*)/.exec(errors)?.[1];
  return response === undefined ? errors.slice(-300) : `it was answered ${response.trim()}`;
}
