import type { ServerUnderTest } from '../server-under-test.ts';
import type { Heard, SipPeer } from '../sip-peer.ts';
import { type ConnectedApp, connectApp, type ProxyResults } from '../srf-app.ts';

export const target = (peer: SipPeer): string => `sip:127.0.0.1:${peer.port}`;

interface ProxyApp extends ConnectedApp {
  readonly results: Promise<ProxyResults>;
}

/** An app that passes every request on to these, in this way. */
export async function proxyApp(
  server: ServerUnderTest,
  to: SipPeer[],
  options: object = {},
): Promise<ProxyApp> {
  let found: (results: Promise<ProxyResults>) => void = () => {};
  const results = new Promise<ProxyResults>((done) => {
    found = done;
  });
  const app = await connectApp(server, (srf) => {
    for (const method of ['invite', 'message', 'register'] as const)
      srf.use(method, (request) => found(srf.proxyRequest(request, to.map(target), { ...options })));
  });
  return { ...app, results };
}

export const toTag = (message: Heard): string => /tag=(\w+)/.exec(message.header('to'))?.[1] ?? '';

/** What a proxy leaves of the way a response came: the caller's Via alone. */
export const vias = (message: Heard): number => message.header('via').split('SIP/2.0/').length - 1;
