import { fileURLToPath } from 'node:url';

// The import rules of src/: imports only point down this list. A name in the list is a file or a folder of src/; what
// stands side by side in brackets may not import each other in either direction.
const LAYERS = [
  'main.ts',
  'server.ts',
  'app.ts',
  'sweep.ts',
  'deps.ts',
  'config.ts',
  'cli/',
  'embed-doctor/',
  'sandbox/',
  'admin/',
  ['api-reference/', 'health/'],
  'portal/',
  'handoff/',
  'connections/',
  'receipts/',
  'self-service/',
  'provisioning/',
  'access-tokens/',
  'idempotency/',
  'partners/',
  'users/',
  'sso-tokens/',
  'sessions/',
  'signing-keys/',
  'audit/',
  ['db/', 'http/'],
  'foundation/',
];

// Handed down by reference, so anything below may name their types; who may also import the values is listed here.
const TYPES_FOR_ALL = {
  'deps.ts': ['main.ts', 'server.ts', 'app.ts'],
  'config.ts': ['main.ts', 'server.ts', 'app.ts', 'cli/', 'sandbox/'],
};

const escapeForRegExp = (text) => text.replaceAll('.', '\\.');
const path = (name) => `^src/${escapeForRegExp(name)}${name.endsWith('/') ? '' : '$'}`;
const label = (name) => name.replace(/(\.ts|\/)$/, '');

function onlyDown(name, level) {
  const above = LAYERS.slice(0, level).flat();
  const beside = [LAYERS[level]].flat().filter((other) => other !== name);
  const outOfReach = [...above, ...beside].filter((other) => !(other in TYPES_FOR_ALL));
  if (outOfReach.length === 0) return [];
  return [
    {
      name: `${label(name)}-imports-only-down`,
      comment:
        'Imports only point down the list in .dependency-cruiser.mjs; take what you need as an argument instead.',
      severity: 'error',
      from: { path: path(name) },
      to: { path: outOfReach.map(path) },
    },
  ];
}

function onlyAsType([name, valueImporters]) {
  return {
    name: `${label(name)}-only-as-type`,
    comment: 'Use import type; the value is handed down as an argument.',
    severity: 'error',
    from: { path: '^src/', pathNot: [...valueImporters, name].map(path) },
    to: { path: path(name), dependencyTypesNot: ['type-only'] },
  };
}

// Scripts for the browser are read, not imported, and import by the addresses they are served under.
const BROWSER_SCRIPTS = ['^src/api-reference/browser/', '^src/sandbox/portal/browser/'];

const everyLayer = LAYERS.flat().map(path);
const typesForAll = Object.keys(TYPES_FOR_ALL).map(path);

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...LAYERS.flatMap((layer, level) => [layer].flat().flatMap((name) => onlyDown(name, level))),
    ...Object.entries(TYPES_FOR_ALL).map(onlyAsType),
    {
      name: 'no-cycle',
      comment: 'Only a file everybody may import as a type can close a circle: types are erased.',
      severity: 'error',
      from: { path: '^src/', pathNot: typesForAll },
      // One expression: a list in viaOnly.pathNot is not understood (dependency-cruiser 18.7.2).
      to: { circular: true, viaOnly: { pathNot: typesForAll.join('|') } },
    },
    {
      name: 'no-import-from-outside-src',
      comment: 'Production code knows nothing of tests, the demonstration or the tools.',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(test|demo|bench|clients|scripts)/' },
    },
    {
      name: 'no-import-from-unlisted',
      comment: 'Every file and folder of src/ has its place in the list above.',
      severity: 'error',
      from: { path: '^src/', pathNot: everyLayer },
      to: {},
    },
    {
      name: 'no-import-of-unlisted',
      comment: 'Every file and folder of src/ has its place in the list above.',
      severity: 'error',
      from: {},
      to: { path: '^src/', pathNot: everyLayer },
    },
    {
      name: 'no-orphan',
      severity: 'error',
      from: { path: '^src/', pathNot: BROWSER_SCRIPTS, orphan: true },
      to: {},
    },
    {
      name: 'no-index',
      comment: 'Import the file that has it; a barrel hides where things are.',
      severity: 'error',
      from: {},
      to: { path: ['^src/index\\.ts$', '^src/.*/index\\.ts$'] },
    },
    {
      name: 'no-development-package',
      comment: 'It is not there after npm ci --omit=dev.',
      severity: 'error',
      from: { path: '^src/' },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'An import that cannot be followed would escape every other rule.',
      severity: 'error',
      from: { pathNot: BROWSER_SCRIPTS },
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: fileURLToPath(new URL('tsconfig.json', import.meta.url)) },
    tsPreCompilationDeps: true,
    parser: 'tsc',
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
