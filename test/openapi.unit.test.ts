import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { PROBLEMS } from '../src/foundation/problem-catalogue.ts';
import { SSO_REQUEST } from '../src/handoff/mint-route.ts';
import { EXCHANGE_REQUEST } from '../src/handoff/redeem-route.ts';
import { ACCESS_ROLES } from '../src/users/roles.ts';
import { hostilePaths } from './handoff/hostile-redirect-paths.ts';
import { faultsOf } from './support/contract.ts';
import { below, documentedAnswers, membersOf, OPERATIONS, type Place, ROOT } from './support/openapi.ts';
import { neverSeen } from './support/seen-answers.ts';

function schema(name: string): Place {
  return below(ROOT, 'components', 'schemas', name);
}

test('every operation has an id of its own and documents at least one success', () => {
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(15);
  expect(OPERATIONS.filter(({ answers }) => ![...answers.keys()].some((status) => status < 400))).toEqual([]);
  expect(documentedAnswers()).toContain('createSsoToken 200');
});

type Constraints = { type?: string; required?: string[]; properties?: Record<string, Constraints> };

/** What the document and zod both say; descriptions, examples and patterns are the document's own. */
function constraintsOf(value: object): object {
  const { type, required, properties } = value as Constraints;
  const { minLength, maxLength } = value as { minLength?: number; maxLength?: number };
  const members = Object.entries(properties ?? {}).map(([name, member]) => [name, constraintsOf(member)]);
  return { type, minLength, maxLength, required: required?.toSorted(), properties: Object.fromEntries(members) };
}

test.each([
  ['SsoRequest', SSO_REQUEST],
  ['ExchangeRequest', EXCHANGE_REQUEST],
])('%s says what the service checks', (name, checked) => {
  const documented = constraintsOf(schema(name).value);
  expect(documented).toEqual(constraintsOf(z.toJSONSchema(checked, { io: 'input' })));
  expect(documented).toHaveProperty('required.0');
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

// The schema of the body finds these first, and has names of its own for them.
const FOUND_BY_ZOD = new Set(['missing', 'wrong_type', 'empty', 'too_long']);

test('the validation codes of a redirect_path are the faults it can have', () => {
  const { enum: codes } = schema('ValidationCode').value as { enum: string[] };
  const faults = Object.keys(hostilePaths).filter((fault) => !FOUND_BY_ZOD.has(fault));
  const others = ['missing', 'repeated', 'invalid_json', 'invalid_type', 'too_small', 'too_big'];
  expect(codes.toSorted()).toEqual([...others, ...faults].toSorted());
});

test('the roles are those a user may have', () => {
  const roles = below(schema('Session'), 'properties', 'user', 'properties', 'access_roles', 'items');
  expect(roles.value).toHaveProperty('enum', [...ACCESS_ROLES]);
});

/** Every object in the document with a place to it; `examples` are left out, which hold no schemas. */
function objectsBelow(place: Place): Place[] {
  return Object.entries(place.value).flatMap(([key, value]: [string, unknown]) => {
    if (typeof value !== 'object' || value === null || key === 'example' || key === 'examples') return [];
    const inner = { pointer: `${place.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`, value };
    return [inner, ...objectsBelow(inner)];
  });
}

const OBJECTS = objectsBelow(ROOT);

/** Completed wherever they are used: an `allOf` of a closed schema. */
const PARTS = ['Success', 'Session', 'Problem'];
const REQUESTS = ['SsoRequest', 'ExchangeRequest', 'ContinueForm'];

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

type Example = { pointer: string; schema: Place; value: unknown };

/** The examples of parameters, headers and bodies (`example`, or `examples` by name), and those of schemas. */
function examplesOf(place: Place): Example[] {
  const { pointer, value } = place;
  if ('example' in value) return [{ pointer, schema: below(place, 'schema'), value: value.example }];
  if ('schema' in value) {
    return membersOf(place, 'examples').map(([, example]) => {
      const { value: body } = example.value as { value: unknown };
      return { pointer: example.pointer, schema: below(place, 'schema'), value: body };
    });
  }
  const { examples } = value as { examples?: unknown };
  return Array.isArray(examples) ? examples.map((one: unknown) => ({ pointer, schema: place, value: one })) : [];
}

const EXAMPLES = OBJECTS.flatMap(examplesOf);

test('every example fits its schema', () => {
  expect(EXAMPLES.length).toBeGreaterThan(40);
  const wrong = EXAMPLES.map(({ pointer, schema: place, value }) => ({ pointer, faults: faultsOf(place, value) }));
  expect(wrong.filter(({ faults }) => faults.length > 0)).toEqual([]);
});

test('an example that does not fit its schema is noticed', () => {
  expect(faultsOf(schema('SsoRequest'), { redirect_path: '' })).toEqual([
    '/redirect_path must NOT have fewer than 1 characters',
  ]);
  expect(faultsOf(schema('Alive'), { status: 'ok', more: 1 })).toHaveLength(1);
});

type ProblemBody = { type: string; title: string; status?: number };

test('the problems in examples are those of the catalogue', () => {
  const problems = EXAMPLES.flatMap(({ value }) => {
    const body = value as { error?: ProblemBody; statusCode?: number } & Partial<ProblemBody>;
    const { type, title, status = body.statusCode } = body.error ?? body;
    return type === undefined ? [] : [{ slug: type.split('/').at(-1) ?? '', title, status }];
  });
  expect(problems.length).toBeGreaterThan(10);
  const catalogue = new Map<string, { status: number; title: string }>(Object.entries(PROBLEMS));
  for (const { slug, title, status } of problems) {
    expect({ slug, ...catalogue.get(slug) }).toMatchObject({ slug, title, status });
  }
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
