import { type DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { EdgeRef } from '../../contracts/envelope.ts';
import { tables } from '../../contracts/tables.ts';
import type { ActiveCall } from '../../core/find-calls-to-reap.ts';
import type { ActiveCalls } from '../ports.ts';

const Row = z.object({ callId: z.string(), edge: EdgeRef });

/** Scans the whole sparse index, so that calls of an edge which left no row in the fleet are found as well. */
export function dynamoActiveCalls(client: DynamoDBDocumentClient, table: string): ActiveCalls {
  return {
    async list() {
      const calls: ActiveCall[] = [];
      const pages = paginateScan({ client }, { TableName: table, IndexName: tables.calls.activeByEdge });
      for await (const { Items } of pages) calls.push(...z.array(Row).parse(Items ?? []));
      return calls;
    },
  };
}
