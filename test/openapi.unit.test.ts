import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { TOKEN_REQUEST } from '../src/access-tokens/routes.ts';
import { PROBLEMS } from '../src/foundation/problem-catalogue.ts';
import { SSO_REQUEST } from '../src/handoff/mint-route.ts';
import { EXCHANGE_REQUEST } from '../src/handoff/exchange.ts';
import { SCOPES } from '../src/partners/scopes.ts';
import { PROVIDER_FIELDS } from '../src/provisioning/provider-details.ts';
import { USER_CREATE, USER_ROLES, USER_UPDATE } from '../src/provisioning/user-fields.ts';
import { OUTCOMES } from '../src/receipts/store.ts';
import { ROTATE_REQUEST } from '../src/self-service/credential-routes.ts';
import { integrationUpdate } from '../src/self-service/integration-routes.ts';
import { ACCESS_ROLES } from '../src/users/roles.ts';
import { below, documentedAnswers, membersOf, objectsBelow, OPERATIONS, type Place, ROOT } from './support/openapi.ts';
import { neverSeen } from './support/seen-answers.ts';

function schema(name: string): Place {
  return below(ROOT, 'components', 'schemas', name);
}

test('every operation has an id of its own and documents at least one success', () => {
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(40);
  expect(OPERATIONS.filter(({ answers }) => ![...answers.keys()].some((status) => status < 400))).toEqual([]);
  expect(documentedAnswers()).toContain('createSsoToken 200');
});

type Schema = {
  $ref?: string;
  type?: string | string[];
  allOf?: Schema[];
  anyOf?: Schema[];
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
};

const BOUNDS = [
  'const',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'uniqueItems',
  'additionalProperties',
] as const;

/** `anyOf` a schema and null, which is how zod writes it, as one schema that may be null. */
function withNull(value: Schema): Schema {
  const { anyOf = [], ...own } = value;
  const [inner, ...more] = anyOf.filter(({ type }) => type !== 'null');
  if (inner === undefined || more.length > 0 || anyOf.length !== 2) return value;
  return { ...inner, ...own, type: [inner.type, 'null'].flat().filter((type) => type !== undefined) };
}

function merged(schemas: readonly Schema[]): Schema {
  return {
    ...(Object.assign({}, ...schemas) as Schema),
    required: schemas.flatMap(({ required = [] }) => required),
    properties: Object.fromEntries(schemas.flatMap(({ properties = {} }) => Object.entries(properties))),
  };
}

/** A schema with everything in its own place that it says by `$ref` or `allOf`. */
function written(value: Schema): Schema {
  if (value.$ref !== undefined) return written(below(ROOT, ...value.$ref.split('/').slice(1)).value);
  const { allOf = [], ...own } = withNull(value);
  return merged([...allOf.map(written), own]);
}

/** What the document and zod both say; descriptions, examples and patterns are the document's own. */
function constraintsOf(value: object): object {
  const whole = written(value);
  const { type, required = [], properties = {}, items, enum: values = [] } = whole;
  return {
    type,
    ...Object.fromEntries(BOUNDS.map((name) => [name, (whole as Record<string, unknown>)[name]])),
    values: values.filter((one) => one !== null),
    required: required.toSorted(),
    properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, constraintsOf(one)])),
    items: items && constraintsOf(items),
  };
}

test.each([
  ['SsoRequest', SSO_REQUEST],
  ['TokenRequest', TOKEN_REQUEST],
  ['UserCreate', USER_CREATE],
  ['UserUpdate', USER_UPDATE],
  ['UserRoles', USER_ROLES],
  ['RotateRequest', ROTATE_REQUEST],
  ['IntegrationUpdate', integrationUpdate('no_local_hosts')],
  ['ExchangeRequest', EXCHANGE_REQUEST],
])('%s says what the service checks', (name, checked) => {
  const documented = constraintsOf(schema(name).value);
  expect(documented).toEqual(constraintsOf(z.toJSONSchema(checked, { io: 'input' })));
  expect(JSON.stringify(documented)).toMatch(/"(?:min|max)\w+":/);
});

test('the list of problems is the catalogue', () => {
  expect(schema('ProblemSlug').value).toHaveProperty('enum', Object.keys(PROBLEMS));
});

test('the table of problems has the status and title of each', () => {
  const { description } = schema('ProblemSlug').value as { description: string };
  const rows = [...description.matchAll(/^\| `([a-z-]+)` \| (\d{3}) \| (.+) \|$/gm)];
  expect(rows.map(([, slug, status, title]) => [slug, Number(status), title])).toEqual(
    Object.entries(PROBLEMS).map(([slug, { status, title }]) => [slug, status, title]),
  );
});

test('an answer names only problems that have its status', () => {
  const statuses = new Map<string, number>(Object.entries(PROBLEMS).map(([slug, { status }]) => [slug, status]));
  const named = OPERATIONS.flatMap(({ id, answers }) =>
    [...answers].flatMap(([status, { description }]) =>
      [...description.matchAll(/`([a-z]+(?:-[a-z]+)+)`/g)].map(([, slug = '']) => ({ id, status, slug })),
    ),
  ).filter(({ slug }) => statuses.has(slug));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ slug, status }) => statuses.get(slug) !== status)).toEqual([]);
});

test.each([
  ['AccessRole', ACCESS_ROLES],
  ['Scope', SCOPES],
  ['AttemptOutcome', OUTCOMES],
])('%s has the values that the service knows', (name, values) => {
  expect(schema(name).value).toHaveProperty('enum', [...values]);
});

test('what is told of a provider is what can be said of one', () => {
  const { properties } = schema('ProviderDetails').value as { properties: Record<string, Schema> };
  expect(Object.keys(properties).toSorted()).toEqual(Object.keys(PROVIDER_FIELDS).toSorted());
  const said = written(schema('UserFields').value).properties ?? {};
  for (const name of ['sex', 'prescriber_type']) {
    expect([...(properties[name]?.enum ?? []), null]).toEqual(said[name]?.enum);
  }
});

test('whoever is answered 401 is told how to authenticate', () => {
  const answers = OPERATIONS.flatMap((operation) => operation.answers.get(401) ?? []);
  expect(answers.length).toBeGreaterThan(30);
  expect(answers.filter(({ headers }) => headers.get('www-authenticate')?.required !== true)).toEqual([]);
});

type Described = { description: string; security: Record<string, string[]>[] };

const PARTNER_API = OPERATIONS.filter(({ path }) => path.startsWith('/v1/')).map(({ id, path, answers, place }) => {
  const { description, security } = place.value as Described;
  const parameters = membersOf(place, 'parameters').map(([, { value }]) => (value as { name: string }).name);
  return { id, path, answers, description, security, parameters };
});

test.each(PARTNER_API)('$id says how to authenticate, and what becomes of those who do not', (operation) => {
  const { path, answers, security } = operation;
  const is_below_organization = path.startsWith('/v1/organizations/');
  const schemes = is_below_organization
    ? ['accessToken', 'organizationSecret']
    : ['partnerId', 'partnerSecret', 'organizationId', 'organizationSecret'];
  expect(security.map((required) => Object.keys(required))).toEqual([schemes]);
  expect([...answers.keys()]).toEqual(expect.arrayContaining([400, 401, 403, 405, 429, 500, 503]));
  expect(answers.get(429)?.headers.has('retry-after')).toBe(true);
  expect(answers.has(404) || !is_below_organization).toBe(true);
});

test('an operation that wants a scope says which, and that it may be lacking', () => {
  const scopes = (schema('Scope').value as { enum: string[] }).enum;
  const scoped = PARTNER_API.flatMap(({ security: [required], ...operation }) =>
    (required?.['accessToken'] ?? []).map((scope) => ({ ...operation, scope })),
  );
  expect([...new Set(scoped.map(({ scope }) => scope))].toSorted()).toEqual(scopes.toSorted());
  for (const { description, answers, scope } of scoped) {
    expect(description).toContain(`\`${scope}\``);
    expect(answers.get(403)?.description).toContain('`insufficient-scope`');
    expect(answers.get(403)?.headers.has('www-authenticate')).toBe(true);
  }
});

test('what creates something can be asked for again with the same key', () => {
  const creating = PARTNER_API.filter(({ answers }) => answers.has(201));
  const repeatable = PARTNER_API.filter(({ parameters }) => parameters.includes('idempotency-key'));
  expect(repeatable.map(({ id }) => id)).toEqual(creating.map(({ id }) => id));
  expect(creating.length).toBeGreaterThan(2);
  for (const { answers } of creating) {
    expect(answers.get(201)?.headers.has('idempotent-replayed')).toBe(true);
    expect(answers.get(409)?.description).toContain('`idempotency-key-in-use`');
    expect(answers.get(422)?.description).toContain('`idempotency-key-reused`');
  }
});

test('a list says where the next page begins', () => {
  const listing = PARTNER_API.filter(({ parameters }) => parameters.includes('lastKey'));
  expect(listing.map(({ parameters }) => parameters.includes('limit'))).toEqual([true, true, true]);
  for (const { answers } of listing) {
    const body = answers.get(200)?.content.get('application/json');
    expect(body?.value).toHaveProperty('properties.pagination');
  }
});

const OBJECTS = objectsBelow(ROOT);

/** Completed wherever they are used: an `allOf` of a closed schema. */
const PARTS = ['Answered', 'Success', 'Created', 'Session', 'Attempt', 'Problem'];
const REQUESTS = [
  'SsoRequest',
  'TokenRequest',
  'UserFields',
  'UserCreate',
  'UserUpdate',
  'UserRoles',
  'ExchangeRequest',
  'ContinueForm',
];

test('every object in an answer is closed', () => {
  const open = OBJECTS.filter(
    ({ value }) =>
      'type' in value &&
      value.type === 'object' &&
      !('additionalProperties' in value || 'unevaluatedProperties' in value),
  );
  const expected = [...PARTS, ...REQUESTS].map((name) => `/components/schemas/${name}`);
  expect(open.map(({ pointer }) => pointer).toSorted()).toEqual(expected.toSorted());
  expect(OBJECTS.filter(({ value }) => 'unevaluatedProperties' in value).length).toBeGreaterThan(PARTS.length);
});

test('a run that has not seen a documented answer is told which', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'handoff-test-'));
  const [first = '', second = '', ...rest] = documentedAnswers();
  await writeFile(join(folder, 'seen-answers-1.log'), `${first}\n`);
  await writeFile(join(folder, 'seen-answers-2.log'), `${first}\n${rest.join('\n')}\n`);
  await writeFile(join(folder, 'server-1.log'), `${second}\n`);
  expect(await neverSeen(folder)).toEqual([second]);
  await rm(folder, { recursive: true });
});
