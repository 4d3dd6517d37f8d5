import pino from 'pino';
import { startEdge } from './edge.ts';
import { readSettings } from './settings.ts';

/** Process entry of an edge: settings from the environment, SIGTERM and SIGINT drain. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = pino({ level: settings.logLevel });
  const edge = await startEdge(settings, { logger });
  let stopping = false;
  const stop = async (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, 'stopping');
    await edge.drain();
    await edge[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  // Last: whoever hears it may stop us at once, and calls are to be drained then.
  process.send?.({ ready: true, http: edge.http });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
