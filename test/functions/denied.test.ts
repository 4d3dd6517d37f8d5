import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ulid } from 'ulid';
import { afterAll, expect, test } from 'vitest';
import { buildApp } from '../../bin/app.ts';
import { sources } from '../../contracts/envelope.ts';
import { bootLocalCloud } from '../../local/cloud/local-cloud.ts';
import { anEvent } from './an-event.ts';

interface Statement {
  readonly Action: string | readonly string[];
}
interface RawTemplate {
  readonly Resources: Record<
    string,
    { Type: string; Properties: { PolicyDocument?: { Statement: Statement[] } } }
  >;
}

const assembly = mkdtempSync(join(tmpdir(), 'trunkline-denied-'));
afterAll(() => rmSync(assembly, { recursive: true, force: true }));

/** Takes a permission out of the role of decide-route, as somebody who forgot it would have left it. */
function forget(action: string): void {
  const file = join(assembly, 'Trunkline.template.json');
  const template = JSON.parse(readFileSync(file, 'utf8')) as RawTemplate;
  let forgotten = 0;
  for (const [id, { Type, Properties }] of Object.entries(template.Resources)) {
    const document = Properties?.PolicyDocument;
    if (Type !== 'AWS::IAM::Policy' || !id.startsWith('DecideRoute') || !document) continue;
    const kept = document.Statement.map(({ Action, ...rest }) => {
      const left = [Action].flat().filter((each) => each !== action);
      forgotten += [Action].flat().length - left.length;
      return { ...rest, Action: left };
    });
    document.Statement = kept.filter(({ Action }) => Action.length > 0);
  }
  expect(forgotten).toBeGreaterThan(0);
  writeFileSync(file, JSON.stringify(template));
}

test('a permission that a role lacks is refused as in the account, and the event is kept with the reason', async () => {
  buildApp({ outdir: assembly, validate: false }).synth();
  forget('dynamodb:GetItem');
  await using cloud = await bootLocalCloud({ assemblies: [assembly], retryMs: 10 });
  const bus = new EventBridgeClient({
    ...{ endpoint: cloud.endpoint, region: 'local-1' },
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  const event = anEvent('call.received', {
    callId: ulid(),
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    replyTo: String(cloud.outputs['EdgeQueueUrlEdge1']),
  });
  const entry = { EventBusName: cloud.outputs['BusName'], Source: sources.edge, DetailType: event.type };
  await bus.send(new PutEventsCommand({ Entries: [{ ...entry, Detail: JSON.stringify(event) }] }));
  await cloud.settled();
  bus.destroy();
  expect(cloud.queueMessages('trunkline-to-edge-1')).toEqual([]);
  const [letter = ''] = cloud.queueMessages('trunkline-dead-letters-decide-route');
  expect(letter).toContain('AccessDeniedException');
  expect(letter).toMatch(/assumed-role\/DecideRoute\w+ is not authorized to perform: dynamodb:GetItem/);
});
