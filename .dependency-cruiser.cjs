/** The arrows of docs/architecture.md: which folder may import which. `npm run check` runs this. */
const only = (from, allowed, comment) => ({
  name: `${from}-arrows`,
  comment,
  severity: 'error',
  from: { path: `^${from}/` },
  to: {
    path: '^(contracts|core|functions|edge-node|gateway|machine|lib|sdk|bin|local|bench|test)/',
    pathNot: `^(${[from, ...allowed].join('|')})/`,
  },
});

/** One door per vendor: the package may be imported from these files alone. */
const door = (name, packages, doors) => ({
  name: `${name}-door`,
  severity: 'error',
  from: { path: '^(contracts|core|functions|edge-node|gateway|machine|lib|sdk)/', pathNot: doors },
  to: { path: `node_modules/(${packages})/` },
});

module.exports = {
  forbidden: [
    only('contracts', [], 'what is said depends on zod and the reading of addresses'),
    only('core', ['contracts'], 'what is decided is pure'),
    only('functions', ['core', 'contracts'], 'functions meet the edge only as messages'),
    only('edge-node', ['core', 'contracts'], 'the edge meets functions only as messages'),
    only(
      'gateway',
      ['core', 'contracts'],
      'audio of agents is a process of its own, and meets the edge over HTTP',
    ),
    only('machine', ['contracts'], 'what prepares a machine knows calls only as something that ends'),
    {
      name: 'lib-arrows',
      severity: 'error',
      from: { path: '^lib/' },
      to: {
        path: '^(core|edge-node|gateway|machine|bin|local|bench|test|functions)/',
        pathNot: '^functions/env\\.ts$',
      },
    },
    only(
      'local',
      ['contracts', 'core', 'edge-node', 'gateway', 'bin/app.ts'.replace('/app.ts', ''), 'lib'],
      'the laptop cloud knows functions only through the template',
    ),
    {
      name: 'sdk-arrows',
      comment:
        'what customers get is made of what the platform itself is made of, and drags nothing else along',
      severity: 'error',
      from: { path: '^sdk/' },
      to: {
        path: '^(functions|edge-node|gateway|lib|bin|local|bench|test)/',
        pathNot: [
          '^functions/(bus-handler|derived-id|log|ports)\\.ts$',
          '^functions/adapters/(clients|dynamo-calls|trace)\\.ts$',
          '^lib/(control-plane|dead-letters|outputs|permissions|settings)\\.ts$',
          '^local/cloud/event-pattern\\.ts$',
        ],
      },
    },
    {
      name: 'contracts-only-zod',
      severity: 'error',
      from: { path: '^contracts/' },
      to: { dependencyTypes: ['npm', 'npm-dev', 'core'], pathNot: 'node_modules/(zod|ipaddr.js)/' },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^core/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev'], pathNot: 'node_modules/(ipaddr\\.js|zod)/' },
    },
    {
      name: 'edge-parts-know-ports-not-each-other',
      severity: 'error',
      from: { path: '^edge-node/(signaling|media|outbox|commands|decisions|health)/' },
      to: {
        path: '^edge-node/(signaling|media|outbox|commands|decisions|health)/',
        pathNot: '^edge-node/$1/',
      },
    },
    door('drachtio', 'drachtio-srf', '^edge-node/signaling/drachtio/srf.ts$'),
    door('rtpengine', 'rtpengine-client', '^edge-node/media/rtpengine\\.ts$'),
    door('aws', '@aws-sdk|@smithy', '^(functions|edge-node|machine|sdk)/adapters/'),
    {
      name: 'no-circular',
      comment: 'types may know each other, code may not',
      severity: 'error',
      from: { path: '^(contracts|core|functions|edge-node|gateway|machine|lib|sdk|bin|local)/' },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
