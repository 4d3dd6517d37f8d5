import type { Logger } from 'pino';
import { Counter, Gauge, Registry } from 'prom-client';
import { createEmf } from '../core/emf.ts';
import type { Desk } from './desk.ts';

/** What /metrics shows of a gateway. */
export function createMetrics(desk: Pick<Desk, 'sessions' | 'refused'>): Registry {
  const registry = new Registry();
  const registers = [registry];
  new Gauge({
    ...{ name: 'trunkline_agent_sessions', help: 'Calls whose audio this gateway carries', registers },
    collect() {
      this.set(desk.sessions);
    },
  });
  new Counter({
    ...{ name: 'trunkline_agent_sessions_refused_total', help: 'Sessions without room', registers },
    collect() {
      this.reset();
      this.inc(desk.refused);
    },
  });
  return registry;
}

export interface Telling {
  /** 0: never. */
  readonly everyMs: number;
  readonly fleet: string;
  readonly gateway: string;
}

/** For CloudWatch, which reads what this process prints; once more at the end. */
export function tellCloudWatch(
  registry: Registry,
  { everyMs, fleet, gateway }: Telling,
  logger: Logger,
  write: (line: string) => void = (line) => void process.stdout.write(`${line}\n`),
): AsyncDisposable {
  if (everyMs === 0) return { [Symbol.asyncDispose]: async () => {} };
  const emf = createEmf({ fleet, own: { gateway } });
  const tell = async () => {
    try {
      for (const line of emf(await registry.getMetricsAsJSON(), Date.now())) write(line);
    } catch (err) {
      logger.warn({ err }, 'the metrics could not be written');
    }
  };
  const timer = setInterval(() => void tell(), everyMs);
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await tell();
    },
  };
}
