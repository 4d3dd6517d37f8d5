import { describe, expect, test } from 'vitest';
import { readSettings } from '../../../lib/settings.ts';

const edges = ['edge-1', 'edge-2'];
const hostedZone = { id: 'Z0123456789', name: 'example.com' };
const fleet = { zones: ['eu-central-1a', 'eu-central-1b'], trunkCidrs: ['198.51.100.0/24'] };
const read = (more: object, platform: object = {}) =>
  readSettings({ edges, ...platform, fleet: { ...fleet, ...more } });

describe('settings of a fleet', () => {
  test('are zones and networks; the rest has values that serve', () => {
    expect(read({}).fleet).toMatchObject({ edgeType: 'c7g.large', mediaPerEdge: 1, drainSeconds: 1800 });
  });

  test.each([
    [
      'a network that is the world',
      { trunkCidrs: ['0.0.0.0/0'] },
      '0.0.0.0/0 opens the fleet to the world: name the',
    ],
    ['half the world', { mediaCidrs: ['128.0.0.0/1'] }, 'fleet.mediaCidrs: 128.0.0.0/1 opens the fleet'],
    ['the world of IPv6', { trunkCidrs: ['::/0'] }, '"::/0" is IPv6, and the fleet has IPv4 addresses only'],
    ['no network', { trunkCidrs: [] }, 'must name the networks of your carriers and agents'],
    ['a host for a network', { trunkCidrs: ['198.51.100.7/24'] }, 'write 198.51.100.0/24'],
    ['nonsense for a network', { trunkCidrs: ['carrier'] }, '"carrier" is no network: write an IPv4 address'],
    ['a size that is none', { edgeType: 'c7g.huge' }, '"c7g.huge" is no size of c7g: it has medium, large'],
    ['an Intel machine', { mediaType: 'c5.large' }, '"c5.large" is of no ARM family that is known'],
    ['no rtpengine', { mediaPerEdge: 0 }, 'must be 1 at least: an edge without rtpengine takes no calls'],
    ['one zone', { zones: ['eu-central-1a'] }, 'must name two zones at least'],
    ['a zone twice', { zones: ['eu-central-1a', 'eu-central-1a'] }, 'names a zone twice'],
    ['a hosted zone without its name', { hostedZone: { id: 'Z0123456789' } }, 'fleet.hostedZone.name: '],
    ['a secret without a name', { tlsSecret: '' }, 'must be the name of a secret, or be left out'],
    ['a secret out of reach', { tlsSecret: 'other/cert' }, '"other/cert" must begin with trunkline/'],
    ['the newest of an image', { sipServerImage: 'drachtio/drachtio-server:latest' }, 'a version of it'],
    ['subnets without a VPC', { network: { publicSubnetIds: ['subnet-01234567'] } }, 'and no vpcId'],
    [
      'a VPC with too few subnets',
      { network: { vpcId: 'vpc-01234567' } },
      'names 0 public subnets for 2 zones',
    ],
    ['more edges than there are', { minEdges: 3 }, 'wants more edges than the 2 that "edges" names'],
    [
      'an edge that there is not',
      { hostedZone, preferences: { berlin: {} } },
      'names berlin, which "edges" does not',
    ],
    ['a name without a zone', { sipName: 'calls' }, 'fleet.sipName: is for SRV records'],
    ['preferences without a zone', { preferences: { 'edge-1': {} } }, 'set fleet.hostedZone, or leave this'],
    [
      'no gateway',
      { gateways: { max: 0 } },
      'fleet.gateways.max: must be 1 at least, or leave "gateways" out',
    ],
    ['an odd gateway', { gateways: { max: 3 } }, 'fleet.gateways: has max 3 for 2 zones'],
    [
      'more gateways than there are',
      { gateways: { max: 2, min: 4 } },
      'wants 4 machines at least and 2 at most',
    ],
    [
      'gateways that never get company',
      { gateways: { max: 2, sessionsPerGateway: 300 } },
      'starts another machine at 300 sessions, which no machine has: maxSessions is 200',
    ],
    ['an Intel gateway', { gateways: { max: 2, type: 'c5.large' } }, 'is of no ARM family that is known'],
    [
      'recordings that are elsewhere',
      { promptsDir: 'no/such' },
      'must be a folder here that has recordings in it',
    ],
    ['an image that is none', { machineImage: 'ubuntu' }, 'must be an id such as ami-0123456789abcdef0'],
    ['calls that outlast a deploy', { drainSeconds: 7200 }, 'fleet.drainSeconds: '],
  ])('refuse %s, and say what to change', (_, more, says) => {
    expect(() => read(more)).toThrow(says);
  });

  test('refuse zones with different numbers of edges: the group of machines spreads them evenly', () => {
    expect(() => read({}, { edges: [...edges, 'edge-3'] })).toThrow('names 3 edges for 2 zones');
  });

  test('let the world in where somebody says so, word for word', () => {
    const trunkCidrs = ['0.0.0.0/0'];
    expect(() => read({ trunkCidrs, openToTheWorld: 'yes' })).toThrow('fleet.openToTheWorld');
    const open = read({ trunkCidrs, openToTheWorld: 'yes, behind digest authentication' });
    expect(open.fleet?.trunkCidrs).toEqual(trunkCidrs);
  });
});
