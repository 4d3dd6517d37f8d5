import pino from 'pino';
import { startGateway } from './gateway.ts';
import { readSettings } from './settings.ts';

/** Process entry of a gateway: settings from the environment, SIGTERM and SIGINT drain. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const logger = pino({ level: settings.logLevel });
  const gateway = await startGateway(settings, { logger });
  logger.info({ url: gateway.url }, 'ready');
  let isStopping = false;
  const stop = async (signal: string) => {
    if (isStopping) return;
    isStopping = true;
    logger.info({ signal, sessions: gateway.sessions }, 'stopping once no session is left');
    await gateway.drain(settings.drainSeconds * 1_000);
    await gateway[Symbol.asyncDispose]();
    process.exit(0);
  };
  process.on('SIGTERM', (signal) => void stop(signal));
  process.on('SIGINT', (signal) => void stop(signal));
  process.send?.({ ready: true, url: gateway.url });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
