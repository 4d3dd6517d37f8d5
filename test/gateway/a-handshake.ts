import { AgentFailure } from '../../gateway/agent-socket.ts';

/** With an agent anywhere, that is asked for nothing in particular. */
export const handshake = {
  ...{ headers: {}, subprotocol: undefined, connectMs: 3_000 },
  ...{ allowPrivate: true, ca: undefined, clientCertificate: undefined },
};

/** Why an agent is not reached; `none` where it is. */
export async function faultOf(work: Promise<{ terminate(): void }>): Promise<string> {
  try {
    (await work).terminate();
    return 'none';
  } catch (error) {
    return error instanceof AgentFailure ? error.fault : String(error);
  }
}
