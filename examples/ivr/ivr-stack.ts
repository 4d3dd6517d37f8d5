import { fileURLToPath } from 'node:url';
import { CallEventHandler, TrunklinePlatform } from '@trunkline/sdk/cdk';
import { Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { menu } from './menu.ts';

/** Three functions on the bus of the platform. What they do not ask to hear costs nothing. */
export class IvrStack extends Stack {
  constructor(scope: Construct, id: string, props?: StackProps) {
    super(scope, id, props);
    const platform = TrunklinePlatform.fromPrefix(this, 'Platform');
    new CallEventHandler(this, 'Greet', {
      platform,
      events: 'call.answered',
      where: { target: [{ prefix: `${menu.agent}-` }] },
      entry: handler('greet'),
    });
    new CallEventHandler(this, 'Choose', {
      platform,
      events: 'dtmf.collected',
      where: { name: [menu.name] },
      entry: handler('choose'),
      readsCalls: true,
    });
    new CallEventHandler(this, 'Part', {
      platform,
      events: ['media.played', 'call.transfer-failed'],
      entry: handler('part'),
    });
  }
}

const handler = (name: string) => fileURLToPath(new URL(`./handlers/${name}.ts`, import.meta.url));
