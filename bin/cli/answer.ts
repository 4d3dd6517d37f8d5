import { type Command, InvalidArgumentError } from 'commander';
import { Parts } from '../../edge-node/parts.ts';
import { startCarrier } from '../../local/phone/carrier.ts';
import { Failure } from './failure.ts';
import { untilStopped } from './until-stopped.ts';

interface Place {
  readonly host: string;
  readonly port: number;
}

export function addAnswer(trunkline: Command): void {
  trunkline
    .command('answer')
    .argument('<host:port...>', 'where, on addresses of this machine', placesOf)
    .description(
      'be a carrier or an agent there: answers OPTIONS and every call, and sends back what it hears',
    )
    .addHelpText('after', '\nExample:\n  $ npx trunkline answer 127.0.0.3:5070 127.0.0.4:5070')
    .action(answer);
}

function placesOf(text: string, before: readonly Place[] = []): readonly Place[] {
  const [, host, port] = /^([^:]+):(\d{1,5})$/.exec(text) ?? [];
  if (host && port && Number(port) > 0 && Number(port) <= 65_535)
    return [...before, { host, port: Number(port) }];
  throw new InvalidArgumentError(`must be HOST:PORT, such as 127.0.0.3:5070; "${text}" is not`);
}

async function answer(places: readonly Place[]): Promise<void> {
  await using parts = new Parts();
  for (const { host, port } of places) {
    const carrier = await startCarrier(port, host).catch((cause: Error) => {
      throw new Failure(`nothing can answer at ${host}:${port}: ${cause.message}`);
    });
    parts.use(carrier);
  }
  process.stdout.write(
    `answering at ${places.map(({ host, port }) => `${host}:${port}`).join(', ')}, UDP and TCP; Ctrl-C stops it\n`,
  );
  await untilStopped();
}
