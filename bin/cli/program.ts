import { Command } from 'commander';
import { addAnswer } from './answer.ts';
import { addCall } from './call.ts';
import { addCalls } from './calls.ts';
import { addCommand } from './command.ts';
import { addConfig } from './config.ts';
import { addDeadLetters } from './dead-letters.ts';
import { addDemo } from './demo.ts';
import { addEvents } from './events.ts';
import { addRegistrations } from './registrations.ts';
import { addRouteTest } from './route-test.ts';
import { addSchema } from './schema.ts';
import { addSipServer } from './sip-server.ts';
import { addTrunks } from './trunks.ts';
import { addUp } from './up.ts';

/** Every command of `npx trunkline`. */
export function program(): Command {
  const trunkline = new Command('trunkline')
    .description('Event-driven, serverless call control for AI voice agents')
    .version('0.1.0')
    .showHelpAfterError('(see --help)')
    .exitOverride();
  for (const add of [
    addUp,
    addDemo,
    addCall,
    addCalls,
    addCommand,
    addEvents,
    addConfig,
    addRouteTest,
    addTrunks,
    addRegistrations,
    addDeadLetters,
    addAnswer,
    addSchema,
    addSipServer,
  ])
    add(trunkline);
  return trunkline;
}
