import { once } from 'node:events';
import { createServer } from 'node:http';

const MAX_BODY = 16 * 1024;
const OK =
  '<?xml version="1.0"?><methodResponse><params><param><value><string>OK</string></value></param></params></methodResponse>';

/**
 * Listens for rtpengine's `--b2b-url` (XMLRPC format 1): `teardown(callid)` when both sides of a call fell silent and
 * rtpengine has dropped it. Call ids are ULIDs, so anything else in the document is no call of ours.
 */
export async function listenForLostCalls(
  address: { readonly host: string; readonly port: number },
  onLost: (callId: string) => void,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      body += chunk;
      if (body.length > MAX_BODY) request.destroy();
    });
    request.on('end', () => {
      response.setHeader('Content-Type', 'text/xml').end(OK);
      if (!body.includes('<methodName>teardown</methodName>')) return;
      const callId = /<string>([0-9A-HJKMNP-TV-Z]{26})<\/string>/.exec(body)?.[1];
      if (callId) onLost(callId);
    });
  });
  server.listen(address.port, address.host);
  await once(server, 'listening');
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : address.port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
