import type { Logger } from 'pino';
import { type AgentScript, agentScenario } from './agent-scenario.ts';
import { openRtpEndpoint, type RtpEndpoint, type RtpReport } from './rtp-endpoint.ts';
import { type CallerScript, callerScenario } from './scenario.ts';
import { startSipp } from './sipp.ts';

export interface PlacedCall {
  readonly to: string;
  /** Where: the edge. */
  readonly via: { readonly host: string; readonly port: number };
  /** Address that the call comes from; 127.0.0.1 without it. */
  readonly source?: string;
  /** Said over and over while the call lasts; silence without it. */
  readonly audio?: Int16Array;
  /** Pressed once, `digitsAfterMs` after the answer. */
  readonly digits?: string;
  readonly digitsAfterMs?: number;
  /** How long to talk, ms; 'until hung up' waits for the other side. Default 1,000. */
  readonly talkMs?: number | 'until hung up';
  readonly transport?: 'udp' | 'tcp';
  readonly callId?: string;
  readonly codec?: 'PCMU' | 'PCMA';
  readonly script?: Partial<Omit<CallerScript, 'rtpPort' | 'codec' | 'talkMs'>>;
  readonly logger?: Logger;
}

export interface CallReport {
  /** The call went as the script says: answered, or refused with the status expected. */
  readonly ok: boolean;
  /** In sipp's words, where it did not. */
  readonly errors: string;
  readonly rtp: RtpReport;
}

/** Places one call with sipp and real audio. Resolves when it is over. */
export async function placeCall(call: PlacedCall): Promise<CallReport> {
  const codec = call.codec ?? 'PCMU';
  const talkMs = call.talkMs === 'until hung up' ? undefined : (call.talkMs ?? 1_000);
  const logging = call.logger ? { logger: call.logger } : {};
  await using rtp = await openRtpEndpoint({ codec });
  const scenario = callerScenario({ expect: 200, ...call.script, rtpPort: rtp.port, codec, talkMs });
  await using sipp = await startSipp({
    ...{ scenario, target: `${call.via.host}:${call.via.port}`, service: call.to, calls: 1, ...logging },
    ...(call.transport ? { transport: call.transport } : {}),
    ...(call.source ? { host: call.source } : {}),
    ...(call.callId ? { callId: call.callId } : {}),
    flags: ['-timeout', '60', '-recv_timeout', '45000'],
  });
  const talking = sipp.noted('ANSWERED').then(
    async (note) => {
      rtp.talk({ host: call.via.host, port: Number(note.split(' ')[1]) }, call.audio ?? new Int16Array(160));
      if (!call.digits) return;
      await new Promise((resolve) => setTimeout(resolve, call.digitsAfterMs ?? 300));
      rtp.press(call.digits);
    },
    () => undefined,
  );
  const spoken = call.script?.changes?.find(
    (change) => change.codec === 'PCMU' || change.codec === 'PCMA',
  )?.codec;
  if (spoken === 'PCMU' || spoken === 'PCMA')
    void sipp.noted(`CHANGED ${spoken}`).then(
      () => rtp.speak(spoken),
      () => undefined,
    );
  const code = await sipp.ended;
  await talking;
  rtp.hush();
  return { ok: code === 0, errors: code === 0 ? '' : await sipp.errors(), rtp: await rtp.report() };
}

export interface EchoAgent extends AsyncDisposable {
  readonly uri: string;
  readonly port: number;
  /** What came in and went back, of all calls so far. */
  report(): Promise<RtpReport>;
  /** Resolves when the agent is done: its number of calls is reached. 0: all went as its script says. */
  readonly ended: Promise<number | null>;
  errors(): Promise<string>;
}

export interface AgentOptions extends Partial<Omit<AgentScript, 'rtpPort'>> {
  readonly port?: number;
  /** Whether it sends back what it hears; it does without this. */
  readonly echo?: boolean;
  /** Said over and over to who calls it. */
  readonly says?: Int16Array;
  /** Calls that it takes; endless without it. */
  readonly calls?: number;
  readonly transport?: 'udp' | 'tcp';
  readonly logger?: Logger;
}

/** An agent that answers with sipp and sends every packet back that it hears, unless it is told not to. */
export async function startAgent(options: AgentOptions = {}): Promise<EchoAgent> {
  const codec = options.codec ?? 'PCMU';
  // An echo need not understand what it hears.
  const understood = codec === 'PCMA' ? codec : 'PCMU';
  const rtp = await openRtpEndpoint({ codec: understood, echo: options.echo ?? true });
  const scenario = agentScenario({ rings: true, ...options, codec, rtpPort: rtp.port });
  const sipp = await startSipp({
    scenario,
    ...(options.port ? { port: options.port } : {}),
    ...(options.calls ? { calls: options.calls } : {}),
    ...(options.transport ? { transport: options.transport } : {}),
    ...(options.logger ? { logger: options.logger } : {}),
  });
  const { says } = options;
  if (says) void talkWhenCalled(sipp, rtp, says);
  return {
    uri: `sip:agent@127.0.0.1:${sipp.port}${options.transport === 'tcp' ? ';transport=tcp' : ''}`,
    port: sipp.port,
    report: () => rtp.report(),
    ended: sipp.ended,
    errors: () => sipp.errors(),
    async [Symbol.asyncDispose]() {
      await sipp[Symbol.asyncDispose]();
      await rtp[Symbol.asyncDispose]();
    },
  };
}

/** `INVITED PORT` in the log of sipp names the port of the caller's audio. */
async function talkWhenCalled(
  sipp: { noted(word: string): Promise<string> },
  rtp: RtpEndpoint,
  audio: Int16Array,
): Promise<void> {
  const note = await sipp.noted('INVITED').catch(() => undefined);
  if (note !== undefined) rtp.talk({ host: '127.0.0.1', port: Number(note.split(' ')[1]) }, audio);
}
